import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, install, type Installed, jsonLines, printed } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";
import { peopleTable } from "./people-table.ts";

// A model that is trained on the codes of another, both by one command: the diffusion of a table.
let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));
const parsed = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(inside(file), "utf8")) as Record<string, unknown>;

const settings = [
  ..."--data people.csv --steps 400 --batch-size 80 --learning-rate 3e-3 --validate-every 20 --threads 1 --device cpu --json".split(
    " ",
  ),
  ..."--set width=64 --set depth=2 --set codes.steps=300 --set codes.hiddenDims=64 --set codes.learningRate=3e-3".split(
    " ",
  ),
];
const train = (out: string): string[] => ["train", "diffusion", "--out", out, "--checkpoint-every", "100", ...settings];
const weights = { codes: "codes/checkpoints/step-300", whole: "checkpoints/step-400" };
const digests = (out: string): readonly string[] =>
  Object.values(weights).flatMap((folder) =>
    ["weights.safetensors", "optimizer.safetensors"].map((name) =>
      createHash("sha256")
        .update(readFileSync(inside(out, folder, name)))
        .digest("hex"),
    ),
  );
const metrics = (out: string): readonly string[] =>
  ["codes/metrics.jsonl", "metrics.jsonl"].map((name) => readFileSync(inside(out, name), "utf8"));
const stagesOf = ({ stdout }: Finished): readonly unknown[] =>
  jsonLines(stdout)
    .filter(({ event }) => event === "start")
    .map(({ stage, stages, run, model }) => ({ stage, stages, run, model }));

let whole: Finished;
beforeAll(async () => {
  latentkit = install();
  writeFileSync(inside("people.csv"), peopleTable(600));
  whole = await latentkit.run(...train("whole"));
  expect(whole).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => latentkit.remove());

test("a table takes two runs, one in the other, and every event says of which it is", () => {
  expect(stagesOf(whole)).toEqual([
    { stage: 1, stages: 2, run: "whole/codes", model: "vae" },
    { stage: 2, stages: 2, run: "whole", model: "diffusion" },
  ]);
  const events = jsonLines(whole.stdout);
  const turn = events.findIndex(({ stage }) => stage === 2);
  expect(new Set(events.slice(0, turn).map(({ stage }) => stage))).toEqual(new Set([1]));
  expect(new Set(events.slice(turn).map(({ stage }) => stage))).toEqual(new Set([2]));
  // What is to be done next is done with the whole.
  expect(events.filter(({ event }) => event === "done").map(({ next }) => next)).toEqual([
    [],
    ["latentkit sample whole --count 100"],
  ]);
  expect(parsed("whole/run.json")).toMatchObject({
    config: { codes: "vae" },
    data: { source: "codes:codes", kind: "codes", shape: [8] },
    parent: { path: "codes", inside: true, step: 300, latent: "z" },
  });
  expect(parsed("whole/codes/run.json")).toMatchObject({
    config: { latentDim: 8, hiddenDims: [64], beta: 0.01 },
    training: { steps: 300, learningRate: 3e-3, checkpointEvery: 100 },
  });
});

describe("kill -9 and --resume give the same bytes", () => {
  test.each([
    ["in the first stage", { stage: 1, step: 200 }, [1, 2]],
    ["in the second stage", { stage: 2, step: 200 }, [2]],
  ] as const)("%s", async (_, at, left) => {
    const out = `killed-${at.stage}`;
    const child = latentkit.start(...train(out));
    await printed(child, ({ event, stage, step }) => event === "checkpoint" && stage === at.stage && step === at.step);
    child.kill("SIGKILL");
    await child.finished;
    if (at.stage === 1)
      expect(await refusal("sample", out)).toBe(
        `${out}: not trained yet, got the first of its two stages, expected both; latentkit train MODEL --out ${out} --resume trains on`,
      );
    const resumed = await latentkit.run("train", "diffusion", "--out", out, "--resume", "--json");
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(stagesOf(resumed)).toMatchObject(left.map((stage) => ({ stage, stages: 2 })));
    expect(digests(out)).toEqual(digests("whole"));
    expect(metrics(out)).toEqual(metrics("whole"));
  });

  test("between the stages", async () => {
    const child = latentkit.start(...train("between"));
    await printed(child, ({ event, stage }) => event === "done" && stage === 1);
    child.kill("SIGKILL");
    await child.finished;
    const resumed = await latentkit.run("train", "diffusion", "--out", "between", "--resume", "--json");
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(stagesOf(resumed)).toMatchObject([{ stage: 2 }]);
    expect(digests("between")).toEqual(digests("whole"));
  });

  test("Ctrl-C in the first stage names the command that resumes the whole", async () => {
    const child = latentkit.start(...train("stopped"));
    await printed(child, ({ event, stage, step }) => event === "checkpoint" && stage === 1 && step === 100);
    child.kill("SIGINT");
    const stopped = await child.finished;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/resume with: latentkit train diffusion --out stopped --resume\n$/);
    expect(existsSync(inside("stopped/run.json"))).toBe(false);
    for (const [flags, message] of [
      [["--set", "width=65"], "--resume: width differs from the run's, got 65, expected 64"],
      [["--set", "codes.steps=301"], '--resume: codes.steps differs from the run\'s, got "301", expected "300"'],
      [["--data", "digits"], '--resume: data differs from the run\'s, got "digits", expected "people.csv"'],
    ] as const)
      expect(await refusal("train", "diffusion", "--out", "stopped", "--resume", ...flags)).toBe(
        `${message}; leave it out, or start a new run`,
      );
    const resumed = await latentkit.run(...train("stopped"), "--resume");
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(digests("stopped")).toEqual(digests("whole"));
  });
});

test.each([
  [["--set", "width=65"], "width differs from the run's, got 65, expected 64"],
  [["--set", "codes.latentDim=7"], "codes.latentDim differs from the run's, got 7, expected 8"],
  [["--set", "codes.steps=301"], "codes.steps differs from the run's, got 301, expected 300"],
  [["--data", "digits"], 'data differs from the run\'s, got "digits", expected "people.csv"'],
  [["--seed", "1"], "seed differs from the run's, got 1, expected 0"],
  [["--missing", "drop"], 'missing differs from the run\'s, got "drop", expected none'],
])("a finished run resumed with %j is refused in one line", async (flags, message) => {
  expect(await refusal("train", "diffusion", "--out", "whole", "--resume", ...flags)).toBe(
    `--resume: ${message}; leave it out, or start a new run`,
  );
});

test("a finished run resumed as it was started repeats nothing", async () => {
  const again = await latentkit.run(...train("whole"), "--resume");
  expect(again.code).toBe(0);
  expect(jsonLines(again.stdout).map(({ event, stage }) => [event, stage])).toEqual([
    ["start", 2],
    ["done", 2],
  ]);
});

describe("the run", () => {
  const rowsOf = (file: string): readonly (readonly string[])[] =>
    readFileSync(inside(file), "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((row) => row.split(","));

  test("samples rows whose columns have the table's distributions and depend on each other as there", async () => {
    await output("sample", "whole", "--count", "600", "--marginals", "model", "--json", "--out", "rows.csv");
    const [rows, real] = [rowsOf("rows.csv"), rowsOf("people.csv")];
    const fraction = (of: readonly (readonly string[])[], column: number, value: string): number =>
      of.filter((row) => row[column] === value).length / of.length;
    for (const job of ["clerk", "cook", "pilot", ""])
      expect(Math.abs(fraction(rows, 1, job) - fraction(real, 1, job)), job).toBeLessThan(0.1);
    expect(Math.abs(fraction(rows, 3, "yes") - fraction(real, 3, "yes"))).toBeLessThan(0.1);
    const mean = (of: readonly (readonly string[])[], column: number): number =>
      of.reduce((sum, row) => sum + Number(row[column]), 0) / of.length;
    expect(Math.abs(mean(rows, 0) - mean(real, 0))).toBeLessThan(3);
    // Pilots earn 40 more than clerks.
    const income = (job: string): number =>
      mean(
        rows.filter((row) => row[1] === job),
        2,
      );
    expect(income("pilot") - income("clerk")).toBeGreaterThan(25);
    expect(income("pilot") - income("clerk")).toBeLessThan(55);
  });

  test("is evaluated by its rows", async () => {
    const metrics = JSON.parse(
      await output("evaluate", "whole", "--metrics", "total-variation", "--generated", "300", "--json"),
    ) as { metrics: Record<string, { results: { name: string; value: number }[] }> };
    for (const { name, value } of metrics.metrics["total-variation"]!.results) expect(value, name).toBeLessThan(0.45);
  });

  test("can be moved, and samples the same rows", async () => {
    await output("sample", "whole", "--count", "50", "--marginals", "model", "--json", "--out", "before.csv");
    renameSync(inside("whole"), inside("moved"));
    try {
      await output("sample", "moved", "--count", "50", "--marginals", "model", "--json", "--out", "after.csv");
      expect(readFileSync(inside("after.csv"), "utf8")).toBe(readFileSync(inside("before.csv"), "utf8"));
      const resumed = await latentkit.run("train", "diffusion", "--out", "moved", "--resume", "--json");
      expect(resumed.code).toBe(0);
    } finally {
      renameSync(inside("moved"), inside("whole"));
    }
  });

  test("says that its first stage is missing, or another", async () => {
    renameSync(inside("whole/codes"), inside("elsewhere"));
    try {
      const missing =
        /^whole: its first stage cannot be opened: whole\/codes: not a run folder, got nothing, .*; it is a part of the run, in its folder codes$/;
      expect(await refusal("sample", "whole")).toMatch(missing);
      expect(await refusal("evaluate", "whole", "--metrics", "total-variation")).toMatch(missing);
      expect(await refusal("train", "diffusion", "--out", "whole", "--resume")).toMatch(missing);
      const other = "--data people.csv --steps 20 --batch-size 60 --seed 5 --set hiddenDims=64 --set latentDim=8";
      await output("train", "vae", ...other.split(" "), "--threads", "1", "--json", "--out", "whole/codes");
      expect(await refusal("sample", "whole")).toMatch(
        /^whole: its parent run whole\/codes has changed, got no checkpoint of step 300, expected weights \w{12} of step 300$/,
      );
      rmSync(inside("whole/codes"), { recursive: true });
    } finally {
      renameSync(inside("elsewhere"), inside("whole/codes"));
    }
  });
});

describe("settings", () => {
  test.each([
    [
      ["diffusion", "--set", "codes.latentdim=4"],
      /^codes.latentdim: unknown setting, got "latentdim", expected one of latentDim, .*; did you mean latentDim\?$/,
    ],
    [
      ["diffusion", "--set", "codes.latentDim=0"],
      /^codes.latentDim: not a value it takes, got "0", expected an integer from 1 to 4096$/,
    ],
    [
      ["diffusion", "--set", "codes.steps=many"],
      /^codes.steps: not a value it takes, got "many", expected an integer from 1 to 1000000000$/,
    ],
    [
      ["diffusion", "--set", "codes.channels=8"],
      /^channels: it does nothing with network=mlp, got 8, expected network to be conv$/,
    ],
    [
      ["diffusion", "--set", "codes=none", "--set", "codes.latentDim=4"],
      /^codes.latentDim: it does nothing with codes=none, got 4, expected codes to be vae or ae$/,
    ],
    [
      ["diffusion", "--set", "codes=gan"],
      /^--set codes: not a value it takes, got "gan", expected one of none, vae, ae/,
    ],
    [
      ["vae", "--set", "codes.latentDim=4"],
      /^--set codes.latentDim: vae is not trained on codes of a model, got 4, expected a setting of its own$/,
    ],
    // Of the second stage, before the first is trained.
    [["diffusion", "--set", "network=unet"], /^network: unet needs images/],
    [
      ["diffusion", "--warmup", "30", "--steps", "20"],
      /^schedule: warmup does not fit the run, got 30, expected 0 to 19 steps$/,
    ],
  ])("%j are refused in one line, before anything is made", async (args, message) => {
    const before = readdirSync(latentkit.folder).toSorted();
    const [model, ...flags] = args as [string, ...string[]];
    expect(
      await refusal("train", model, "--data", "people.csv", "--threads", "1", ...flags, "--out", "refused"),
    ).toMatch(message);
    expect(readdirSync(latentkit.folder).toSorted()).toEqual(before);
  });

  test("codes=none trains on the rows themselves, in one run", async () => {
    const short = "--data people.csv --set codes=none --set width=16 --steps 20 --batch-size 60 --threads 1 --json";
    const direct = await latentkit.run("train", "diffusion", ...short.split(" "), "--out", "direct");
    expect(direct.code).toBe(0);
    expect(jsonLines(direct.stdout)[0]).not.toHaveProperty("stage");
    expect(parsed("direct/run.json")).toMatchObject({ config: { codes: "none" }, data: { source: "people.csv" } });
    expect(existsSync(inside("direct/codes"))).toBe(false);
    expect(existsSync(inside("direct/request.json"))).toBe(false);
  });

  test("are all in --print-config, which trains the same", async () => {
    const config = await output(
      "train",
      "diffusion",
      ...settings.filter((flag) => flag !== "--json"),
      "--print-config",
    );
    expect((JSON.parse(config) as { set: object }).set).toMatchObject({
      codes: "vae",
      width: 64,
      "codes.latentDim": 8,
      "codes.steps": 300,
      "codes.beta": 0.01,
    });
    const short = { ...(JSON.parse(config) as { set: object }), steps: 5 };
    writeFileSync(inside("set.json"), JSON.stringify({ ...short, set: { ...short.set, "codes.steps": 5 } }));
    const again = await latentkit.run("train", "diffusion", "--config", "set.json", "--out", "again", "--json");
    expect(again.code).toBe(0);
    const { config: of } = parsed("again/codes/run.json");
    expect(of).toEqual(parsed("whole/codes/run.json")["config"]);
  });

  test("codes=ae is latent diffusion of pictures", async () => {
    const short = "--data digits:300 --set codes=ae --set codes.steps=30 --set width=16 --steps 20 --threads 1 --json";
    const pictures = await latentkit.run("train", "diffusion", ...short.split(" "), "--out", "pictures");
    expect(pictures.code).toBe(0);
    expect(stagesOf(pictures)).toMatchObject([{ model: "ae" }, { model: "diffusion" }]);
    const sampled = JSON.parse(await output("sample", "pictures", "--count", "9", "--json")) as { shape: number[] };
    expect(sampled.shape).toEqual([9, 1, 28, 28]);
  });
});
