import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileStore } from "../../src/node/files/file-store.ts";
import { Run } from "../../src/runs/run.ts";
import { type Finished, install, type Installed, jsonLines, printed } from "./install.ts";

let latentkit: Installed;
beforeAll(() => {
  latentkit = install();
});
afterAll(() => latentkit.remove());

// Averaged weights, both kinds of clipping and a schedule put every part of a checkpoint to use.
const settings = [
  ..."--data digits:1000 --steps 300 --batch-size 64 --seed 3 --threads 1 --json".split(" "),
  ..."--optimizer adamw --weight-decay 0.01 --schedule cosine --warmup 20 --clip-norm 50 --clip-value 5 --ema 0.99".split(
    " ",
  ),
  ..."--set hiddenDims=128 --set latentDim=4 --checkpoint-every 50".split(" "),
];
const train = (out: string): string[] => ["train", "vae", "--out", out, ...settings];
const file = (out: string, name: string): string => join(latentkit.folder, out, "checkpoints/step-300", name);
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const bytes = (out: string, name: string): string => sha256(file(out, name));
const metrics = (out: string): string => readFileSync(join(latentkit.folder, out, "metrics.jsonl"), "utf8");
const done = ({ stdout }: Finished): unknown => jsonLines(stdout).at(-1)!["metrics"];

describe("300 steps in one go", () => {
  let whole: Finished;
  beforeAll(async () => {
    whole = await latentkit.run(...train("whole"));
    expect(whole).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    ["kill -9", "SIGKILL", null],
    ["Ctrl-C", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 130],
  ] as const)("are the same 300 steps after %s and --resume, byte for byte", async (_, signal, code) => {
    const out = `after-${signal}`;
    const child = latentkit.start(...train(out));
    await printed(child, ({ event, step }) => event === "checkpoint" && step === 150);
    child.kill(signal);
    const stopped = await child.finished;
    expect(stopped.code).toBe(code);
    expect(existsSync(file(out, "state.json"))).toBe(false);
    if (code === 130) {
      expect(stopped.stderr).toMatch(/stopped at step \d+; resume with: latentkit train vae --out \S+ --resume\n$/);
      expect(jsonLines(stopped.stdout).at(-1)).toMatchObject({ event: "interrupted", run: out });
    }

    const resumed = await latentkit.run("train", "vae", "--out", out, "--resume", "--json");
    expect(resumed.code).toBe(0);
    for (const name of ["weights.safetensors", "optimizer.safetensors"])
      expect(bytes(out, name)).toBe(bytes("whole", name));
    expect(done(resumed)).toEqual(done(whole));
    expect(metrics(out)).toBe(metrics("whole"));
    expect(readdirSync(join(latentkit.folder, out)).toSorted()).toEqual([
      "checkpoints",
      "metrics.jsonl",
      "report.html",
      "run.json",
      "samples",
    ]);
  });

  test("resuming a finished run repeats nothing and prints its metrics", async () => {
    const before = metrics("whole");
    const again = await latentkit.run("train", "vae", "--out", "whole", "--resume", "--json");
    expect(jsonLines(again.stdout).map(({ event }) => event)).toEqual(["start", "done"]);
    expect(done(again)).toEqual(done(whole));
    expect(metrics("whole")).toBe(before);
  });

  test.each([
    [["--set", "latentDim=5"], "--resume: latentDim differs from the run's, got 5, expected 4"],
    [["--batch-size", "32"], "--resume: batchSize differs from the run's, got 32, expected 64"],
    [["--data", "digits:500"], '--resume: data differs from the run\'s, got "digits:500", expected "digits:1000"'],
    [["--seed", "4"], "--resume: seed differs from the run's, got 4, expected 3"],
    [["--binarize", "none"], '--resume: binarize differs from the run\'s, got "none", expected "dynamic"'],
    [["--steps", "400"], "--resume: steps differs from the run's, got 400, expected 300"],
  ])("resuming with %j is refused in one line", async (flags, message) => {
    const before = readFileSync(join(latentkit.folder, "whole/run.json"), "utf8");
    const refused = await latentkit.run("train", "vae", "--out", "whole", "--resume", ...flags);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toBe(`latentkit: ${message}; leave it out, or start a new run\n`);
    expect(readFileSync(join(latentkit.folder, "whole/run.json"), "utf8")).toBe(before);
  });

  test("resuming on data that have changed is refused in one line", async () => {
    const path = join(latentkit.folder, "whole/run.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"fingerprint": "...../, '"fingerprint": "00000'));
    const refused = await latentkit.run("train", "vae", "--out", "whole", "--resume");
    writeFileSync(path, text);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(
      /^latentkit: digits:1000: not the data the run was trained on, got fingerprint [^\n]*\n$/,
    );
  });
});

test("a run of constant rate resumes to a greater length as if it had had it from the start", async () => {
  const short = "--data digits:1000 --batch-size 64 --threads 1 --json --set hiddenDims=32 --set latentDim=2".split(
    " ",
  );
  await latentkit.run("train", "vae", "--out", "long", "--steps", "60", ...short);
  await latentkit.run("train", "vae", "--out", "longer", "--steps", "30", ...short);
  const resumed = await latentkit.run("train", "vae", "--out", "longer", "--resume", "--steps", "60", "--json");
  expect(resumed.code).toBe(0);
  const weights = (out: string): string =>
    sha256(join(latentkit.folder, out, "checkpoints/step-60/weights.safetensors"));
  expect(weights("longer")).toBe(weights("long"));
  const shorter = await latentkit.run("train", "vae", "--out", "longer", "--resume", "--steps", "40");
  expect(shorter.code).toBe(2);
  expect(shorter.stderr).toBe(
    "latentkit: longer: the run is longer already, got 40 steps, expected at least the 60 done\n",
  );
});

test.skipIf(process.platform === "win32")(
  "a training that was stopped while another process took its run over ends in one line, and writes nothing more",
  async () => {
    const long = "--data digits:600 --batch-size 50 --epochs 10000 --patience 0 --threads 1 --json --tensorboard";
    const net = "--set network=mlp --set hiddenDims=64";
    const child = latentkit.start("train", "vae", "--out", "slept", ...long.split(" "), ...net.split(" "));
    await printed(child, ({ event }) => event === "checkpoint");
    child.kill("SIGSTOP");
    const folder = join(latentkit.folder, "slept");
    const lock = join(folder, "lock");
    // As another machine sees it, half a minute after its last sign of life.
    const own = JSON.parse(readFileSync(lock, "utf8")) as object;
    writeFileSync(lock, JSON.stringify({ ...own, host: "another-host" }));
    const then = new Date(Date.now() - 31_000);
    utimesSync(lock, then, then);
    const taken = await Run.resume(new FileStore(folder));
    const contents = (): Record<string, string> => {
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name !== "lock" && statSync(join(folder, name)).isFile())
        .toSorted();
      return Object.fromEntries(files.map((name) => [name, sha256(join(folder, name))]));
    };
    const before = contents();
    child.kill("SIGCONT");
    const ended = await child.finished;
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      /^latentkit: slept: the run is no longer this process's, [^\n]*, got a lock of process \d+, \d+ seconds? old, expected its own; nothing more is written\n$/,
    );
    expect(contents()).toEqual(before);
    taken.checkLock();
    await taken.close();
  },
);
