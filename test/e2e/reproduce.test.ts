import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
beforeAll(() => {
  latentkit = install();
});
afterAll(() => latentkit.remove());

const quick = "--data digits:600 --batch-size 50 --samples 50 --count 40 --threads 1".split(" ");

const result = (row: Readonly<Record<string, unknown>>, name: string): number =>
  (row["ours"] as { readonly results: readonly { readonly name: string; readonly value: number }[] }).results.find(
    (found) => found.name === name,
  )!.value;

describe("reproduce", () => {
  test("trains and measures a row once, and keeps what is done", async () => {
    const again = [
      "reproduce",
      "iwae-table-1",
      "--rows",
      "vae-1",
      "--epochs",
      "2",
      ...quick,
      "--out",
      "table",
      "--json",
    ];
    const [row] = jsonLines((await latentkit.run(...again)).stdout);
    expect(row).toMatchObject({
      event: "row",
      row: "vae-1",
      theirs: { nll: 86.76, activeUnits: 19 },
      ours: { epochs: 2, seed: 0, request: { samples: 50, count: 40 } },
    });
    const nll = result(row!, "nll");
    expect(nll).toBeGreaterThan(0);
    // The bound by 50 samples lies above that by one, here by far more than chance.
    expect(nll).toBeLessThan(result(row!, "negElbo"));

    const kept = join(latentkit.folder, "table/vae-1/reproduction.json");
    const written = statSync(kept).mtimeMs;
    const text = await latentkit.run(...again.slice(0, -1));
    expect(statSync(kept).mtimeMs).toBe(written);
    expect(text.stdout).toContain(`86.76  ${nll.toFixed(2)}`);
    expect(text.stdout).toContain("Differences from the paper:");
    expect(text.stdout).toMatch(/overridden by options: epochs 2, .*samples 50, count 40/);

    // Metrics of another version are none: they are measured again.
    writeFileSync(kept, JSON.stringify({ nll: 1 }));
    const [afresh] = jsonLines((await latentkit.run(...again)).stdout);
    expect(afresh).toEqual(row);
  });

  test("shows the median over seeds and each of them", async () => {
    const args = ["reproduce", "iwae-table-1", "--rows", "vae-1", "--steps", "3", ...quick, "--seeds", "1,2,5"];
    const lines = jsonLines((await latentkit.run(...args, "--out", "seeds", "--json")).stdout);
    const values = lines.map((line) => result(line, "nll"));
    expect(new Set(values).size).toBe(3);
    const { stdout } = await latentkit.run(...args, "--out", "seeds", "--markdown");
    const median = values.toSorted((a, b) => a - b)[1]!;
    expect(stdout).toContain(`| VAE, k = 1 | 86.76 | ${median.toFixed(2)} |`);
    [1, 2, 5].forEach((seed, i) => expect(stdout).toContain(`| seed ${seed} |  | ${values[i]!.toFixed(2)} |`));
  });

  test("stops with Ctrl-C and resumes, to the same weights", async () => {
    const start = (out: string): string[] =>
      ["reproduce", "iwae-table-1", "--rows", "vae-1", "--epochs", "20", ...quick, "--out", out].concat("--json");
    const child = latentkit.start(...start("stopped"));
    const checkpoints = join(latentkit.folder, "stopped/vae-1/checkpoints");
    await vi.waitUntil(() => existsSync(checkpoints) && readdirSync(checkpoints).length > 0, { timeout: 20_000 });
    child.kill("SIGINT");
    expect((await child.finished).code).toBe(130);
    const [resumed] = jsonLines((await latentkit.run(...start("stopped"))).stdout);
    const [whole] = jsonLines((await latentkit.run(...start("whole"))).stdout);
    const { trainingSeconds: _, ...ours } = resumed!["ours"] as Record<string, unknown>;
    expect(whole!["ours"]).toMatchObject(ours);
  });

  test.each([
    [["iwae-table"], /^reproduce: unknown table, got "iwae-table", expected one of .*; did you mean iwae-table-1\?$/],
    [["iwae-table-1", "--rows", "vae1"], /^--rows: unknown row, got "vae1", .*; did you mean vae-1\?$/],
  ])("refuses %j in one line", async (args, message) => {
    const { code, stderr } = await latentkit.run("reproduce", ...args, "--data", "digits:100");
    expect(code).toBe(2);
    expect(stderr.trimEnd().replace(/^latentkit: /, "")).toMatch(message);
  });
});
