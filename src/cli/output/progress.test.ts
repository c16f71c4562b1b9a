import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../../test/bundle.ts";
import { durationText, metricText, Progress, type ProgressOptions } from "./progress.ts";

const escape = "\u001b";
const clearToEnd = `${escape}[K`;

/** A progress report whose clock is set by hand and whose output is kept. */
function recorded(options: Partial<ProgressOptions>, terminalColumns?: number) {
  const clock = { ms: 5000 };
  const written = { stdout: [] as string[], stderr: [] as string[] };
  const terminal = { isTTY: terminalColumns !== undefined, columns: terminalColumns };
  const stderr = { ...terminal, write: (text: string) => written.stderr.push(text) };
  const progress = new Progress({
    totalSteps: 1000,
    env: { TERM: "xterm-256color" },
    stdout: { write: (text) => written.stdout.push(text) },
    stderr,
    now: () => clock.ms,
    ...options,
  });
  return { progress, clock, written, stderr };
}

const metrics = { negElbo: 103.25, rate: 25.123, distortion: 78.127 };

describe("into a pipe", () => {
  test("writes a plain line each two seconds and one at the end", () => {
    const { progress, clock, written } = recorded({ totalEpochs: 10, doneSteps: 100 });
    for (let step = 101; step <= 200; step++) {
      clock.ms += 50;
      progress.step({ step, epoch: 2, ...(step % 10 === 0 ? { metrics } : {}) });
    }
    progress.finish();
    progress.finish();
    expect(written.stdout).toEqual([]);
    const shown = "negElbo 103.3  rate 25.12  distortion 78.13";
    expect(written.stderr).toEqual([
      `step 140/1000  ${shown}  43s left  epoch 2/10  20.00 steps/s  2s\n`,
      `step 180/1000  ${shown}  41s left  epoch 2/10  20.00 steps/s  4s\n`,
      `step 200/1000  ${shown}  40s left  epoch 2/10  20.00 steps/s  5s\n`,
    ]);
  });

  test.each([{ TERM: "dumb" }, { TERM: "xterm", CI: "true" }])("so it does on a terminal with %o", (env) => {
    const { progress, written } = recorded({ env }, 80);
    progress.step({ step: 1, epoch: 1, metrics });
    progress.finish();
    expect(written.stderr.join("")).toMatch(/^step 1\/1000 [ -~]*\n$/);
  });
});

describe("with --json", () => {
  test("writes one object a line on stdout, null for what is not finite, messages on stderr", () => {
    const { progress, clock, written } = recorded({ json: true }, 80);
    clock.ms += 500;
    progress.step({ step: 1, epoch: 1 });
    clock.ms += 500;
    progress.step({ step: 2, epoch: 1, metrics: { loss: NaN, rate: -Infinity, beta: 0.5 } });
    progress.log("saved");
    progress.event("done", { run: "runs/x" });
    progress.finish();
    expect(written.stderr).toEqual(["saved\n"]);
    expect(written.stdout).toEqual([
      '{"event":"step","step":2,"totalSteps":1000,"epoch":1,"metrics":{"loss":null,"rate":null,"beta":0.5},"stepsPerSecond":2}\n',
      '{"event":"done","run":"runs/x"}\n',
    ]);
  });
});

describe("on a terminal", () => {
  test("draws at most 15 frames a second, each in one write that overwrites the last", () => {
    const { progress, clock, written } = recorded({}, 100);
    for (let step = 1; step <= 1000; step++) {
      progress.step({ step, epoch: 1, metrics });
      clock.ms += 1;
    }
    expect(written.stderr.length).toBe(15);
    for (const frame of written.stderr) {
      expect(frame.endsWith(clearToEnd)).toBe(true);
      expect(frame.slice(0, -clearToEnd.length)).toMatch(/^\r\P{Cc}*$/u);
    }
    progress.finish();
    expect(stripVTControlCharacters(written.stderr.slice(15).join(""))).toMatch(
      /^\r█{25} 1000\/1000  negElbo 103\.3 .*\n$/,
    );
  });

  test.each([1, 5, 12, 20, 40, 60, 80, 120, 300])(
    "keeps to a width of %i, the count and first metric longest",
    (columns) => {
      const { progress, written } = recorded({ totalEpochs: 10 }, columns);
      progress.step({ step: 500, epoch: 4, metrics });
      const text = stripVTControlCharacters(written.stderr.join("")).replace("\r", "");
      expect(text.length).toBeLessThan(Math.max(2, columns));
      if (columns >= 12) expect(text).toContain("500/1000");
      if (columns >= 60) expect(text).toMatch(/^█+░+  500\/1000  negElbo 103\.3/);
      if (columns >= 120)
        expect(text).toMatch(/^█{15}░{15}  500\/1000  negElbo 103.3  rate 25.12  distortion 78.13  epoch 4\/10/);
    },
  );

  test("follows a terminal that is resized", () => {
    const { progress, clock, written, stderr } = recorded({}, 120);
    progress.step({ step: 1, epoch: 1, metrics });
    stderr.columns = 30;
    clock.ms += 100;
    progress.step({ step: 2, epoch: 1, metrics });
    const [before = "", after = ""] = written.stderr.map((frame) => stripVTControlCharacters(frame));
    expect(before.length).toBeGreaterThan(60);
    expect(after.length).toBeLessThanOrEqual(30);
  });

  test("puts messages above the bar", () => {
    const { progress, written } = recorded({}, 40);
    progress.log("first");
    progress.step({ step: 1, epoch: 1, metrics: { loss: 1 } });
    progress.log("saved a checkpoint");
    expect(written.stderr[0]).toBe("first\n");
    expect(written.stderr[2]).toBe(`\rsaved a checkpoint${clearToEnd}\n${written.stderr[1]}`);
  });

  test("shows metrics that are not finite, and survives a clock that stands still", () => {
    const { progress, written } = recorded({}, 120);
    progress.step({ step: 1, epoch: 1, metrics: { loss: NaN, rate: Infinity } });
    progress.finish();
    expect(written.stderr.join("")).toContain("1/1000  loss NaN  rate Infinity  0s");
    expect(written.stderr.join("")).not.toMatch(/left|steps\/s/);
  });
});

describe("the rate", () => {
  test("follows a change of speed within its window", () => {
    const { progress, clock, written } = recorded({ totalSteps: 100_000 });
    let step = 0;
    for (const msPerStep of [10, 20]) {
      for (let ms = 0; ms < 50_000; ms += msPerStep) {
        clock.ms += msPerStep;
        progress.step({ step: ++step, epoch: 1 });
      }
    }
    const rates = written.stderr.map((line) => Number(/([0-9.]+) steps\/s/.exec(line)?.[1]));
    expect(rates[24]).toBe(100);
    expect(rates.at(-1)).toBeCloseTo(50, 0);
  });
});

test.each<[number, string]>([
  [103.25, "103.3"],
  [0.0123456, "0.01235"],
  [-2.5, "-2.500"],
  [1.23456e-7, "1.235e-7"],
  [123456.7, "123457"],
  [0, "0"],
  [NaN, "NaN"],
])("%d is written %s", (value, text) => expect(metricText(value)).toBe(text));

test.each<[number, string]>([
  [0.2, "0s"],
  [59.4, "59s"],
  [59.6, "1m00s"],
  [185, "3m05s"],
  [3600, "1h00m"],
  [3725, "1h02m"],
  [86_400 * 2 + 3600 * 3, "2d03h"],
  [Infinity, "?"],
])("%d seconds are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));

const hasScript = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

// `script` gives a program a terminal of its own.
describe.skipIf(!hasScript)("in a real terminal (skipped without the util-linux program `script`)", () => {
  let program = "";
  beforeAll(async () => {
    program = await bundle(join(import.meta.dirname, "../../../test/progress-program.ts"));
  });
  afterAll(() => rmSync(dirname(program), { recursive: true, force: true }));

  const command = (redirect: string): string => `stty cols 70 rows 24; exec ${process.execPath} ${program} ${redirect}`;
  const env = { ...process.env, TERM: "xterm-256color", CI: "" };

  test("the bar fits its width and ends on a new line", () => {
    const { stdout } = spawnSync("script", ["-qec", command("20"), "/dev/null"], { env, encoding: "utf8" });
    const frames = stdout.split("\r").filter((frame) => frame.includes("/20"));
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) expect(stripVTControlCharacters(frame).trimEnd().length).toBeLessThan(70);
    expect(frames.at(-1)).toContain("█ 20/20 ");
    expect(stdout.endsWith(`${clearToEnd}\r\n`)).toBe(true);
  });

  test("Ctrl-C leaves the terminal in the state it was in", async () => {
    const child = spawn("script", ["-qec", command("1000000"), "/dev/null"], { env });
    let output = "";
    const bar = new Promise<void>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("/1000000")) resolve();
      });
    });
    await bar;
    child.stdin.write("\u0003");
    await once(child, "close");
    // Clearing to the end of the line is all there was: no hidden cursor, no other screen, no changed wrapping.
    const sequences = new Set(output.match(new RegExp(`${escape}\\[[0-9;?]*[A-Za-z]`, "g")));
    expect([...sequences]).toEqual([clearToEnd]);
  });
});
