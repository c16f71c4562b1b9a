import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
beforeAll(() => {
  latentkit = install();
});
afterAll(() => latentkit.remove());

const trained = "--data digits:1500 --threads 1".split(" ");
const file = (path: string): string => join(latentkit.folder, path);

interface Compared {
  readonly label: string;
  readonly path: string;
  readonly results: readonly { readonly name: string; readonly of?: string; readonly value: number }[];
}

describe("compare", () => {
  const measured = "--generated 200 --samples 10 --priors own,gmm:2".split(" ");
  const both = ["compare", "ae", "vae:beta=4", ...trained, ...measured, "--set", "latentDim=4", "--epochs", "1"];

  test("trains what is missing, once, and shows what each model has", async () => {
    const args = [...both, "--out", "both"];
    const [{ runs, report }] = jsonLines((await latentkit.run(...args, "--json")).stdout) as unknown as [
      { readonly runs: readonly Compared[]; readonly report: string },
    ];
    const [ae, vae] = runs as [Compared, Compared];
    const has = (run: Compared, name: string, of?: string): boolean =>
      run.results.some((result) => result.name === name && result.of === of && result.value > 0);
    expect([ae.label, vae.label]).toEqual(["ae", "vae beta=4"]);
    for (const of of ["reconstructions", "midpoints", "gmm:2"])
      expect([has(ae, "frechet", of), of]).toEqual([true, of]);
    expect(has(ae, "frechet", "own") || has(ae, "nll")).toBe(false);
    expect(has(vae, "frechet", "own") && has(vae, "nll")).toBe(true);
    const info = JSON.parse(readFileSync(file("both/vae-beta-4/run.json"), "utf8")) as {
      readonly config: Readonly<Record<string, unknown>>;
    };
    expect(info.config).toMatchObject({ beta: 4, latentDim: 4 });
    const html = readFileSync(file(report), "utf8");
    // Reconstructions, two kinds of samples and interpolations of the one; the other has no samples of its own.
    expect(html.match(/data:image\/png;base64/g)).toHaveLength(7);

    const written = statSync(file("both/ae.json")).mtimeMs;
    const again = await latentkit.run(...args, "--markdown");
    expect(statSync(file("both/ae.json")).mtimeMs).toBe(written);
    expect(again.stdout).toMatch(/^\| +\| reconstructions \| own p\(z\) \| gmm:2 \| midpoints \| nll \| log p\(x\) \|/);
    expect(again.stdout).toMatch(/^\| ae \| [\d.]+ \| - \| [\d.]+ \| [\d.]+ \| - \|/m);
  });

  test("refuses runs of different data before it trains any", async () => {
    const { code, stderr } = await latentkit.run(
      "compare",
      "both/ae",
      "vae",
      "--data",
      "digits:300",
      "--epochs",
      "1",
      "--out",
      "other",
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^latentkit: compare: runs of different data, got digits:1500 of both\/ae and digits:300,.*\n$/,
    );
    expect(existsSync(file("other"))).toBe(false);
  });

  test.each([
    [["vea"], /^model: unknown model, got "vea", .*; did you mean vae\?$/],
    [["vae:betta=4"], /^vae:betta=4 betta: unknown setting, got "betta", .*; did you mean beta\?$/],
    [["vae", "ae", "--set", "betta=4"], /^--set betta: unknown setting, got "betta", expected one that a model/],
    [["vae", "vae"], /^compare: duplicate name, got vae, expected different ones$/],
    [["vae", "--metrics", "frechett"], /^--metrics: unknown metric, got "frechett", .*; did you mean frechet\?$/],
    [["vae", "--priors", "gmm"], /^density: unknown density, got "gmm", /],
  ])("refuses %j in one line", async (args, message) => {
    const { code, stderr } = await latentkit.run("compare", ...args, "--data", "digits:100", "--out", "wrong");
    expect(code).toBe(2);
    expect(stderr.trimEnd().replace(/^latentkit: /, "")).toMatch(message);
  });
});

describe("search", () => {
  test("tries a grid, judges it on the validation split and marks the best", async () => {
    const args = ["search", "ae", ...trained, "--set", "latentDim=1,8", "--epochs", "2", "--metric", "mse"];
    const [found] = jsonLines((await latentkit.run(...args, "--out", "grid", "--json")).stdout) as unknown as [
      {
        readonly trials: readonly {
          readonly run: string;
          readonly settings: Readonly<Record<string, string>>;
          readonly result: { readonly value: number };
          readonly best: boolean;
        }[];
      },
    ];
    const [one, eight] = found.trials;
    expect([one!.settings, eight!.settings]).toEqual([{ latentDim: "1" }, { latentDim: "8" }]);
    expect(eight!.result.value).toBeLessThan(one!.result.value);
    expect([one!.best, eight!.best]).toEqual([false, true]);
    // The metric is that of the run's own validation after its last epoch.
    const metrics = jsonLines(readFileSync(file("grid/trial-2/metrics.jsonl"), "utf8"));
    const validation = metrics.findLast(({ split }) => split === "validation")!["metrics"] as { readonly mse: number };
    expect(eight!.result.value).toBeCloseTo(validation.mse, 6);

    const again = await latentkit.run(...args, "--out", "grid");
    expect(again.stdout).toMatch(/^best +8 +0\.\d+ +.*grid\/trial-2$/m);
  });

  test("without a metric, what selects the weights of a generator judges it", async () => {
    const few = ["--data", "digits:600", "--steps", "2", "--generated", "50", "--set", "latentDim=2,4", "--json"];
    const [found] = jsonLines((await latentkit.run("search", "gan", ...few, "--out", "gans")).stdout) as unknown as [
      { readonly metric: string; readonly trials: readonly { readonly result: { readonly value: number } }[] },
    ];
    expect(found.metric).toMatch(/^(frechet|kid)$/);
    expect(found.trials.map(({ result }) => result.value)).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test.each([
    [["--set", "latentDim=2..8"], /^--trials: a range is not a finite grid/],
    [[], /^search: empty search space, got no --set, expected --set key=values$/],
  ])("refuses %j in one line", async (args, message) => {
    const { code, stderr } = await latentkit.run("search", "ae", ...args, "--data", "digits:100", "--out", "wrong");
    expect(code).toBe(2);
    expect(stderr.trimEnd().replace(/^latentkit: /, "")).toMatch(message);
  });
});
