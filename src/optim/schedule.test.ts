import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { schedule, scheduleNames } from "./schedule.ts";

const learningRate = 0.5;
const steps = 101;

describe.each(scheduleNames.filter((name) => name !== "one-cycle"))("%s", (name) => {
  test("the first step has the full rate, and warm-up rises to it in a line", () => {
    expect(schedule(name, { learningRate, steps })(1)).toBe(learningRate);
    const warmed = schedule(name, { learningRate, steps, warmup: 20 });
    expect([1, 5, 10, 20].map(warmed)).toEqual([0.025, 0.125, 0.25, 0.5]);
    expect(warmed(21)).toBe(learningRate);
  });

  test("the last step has the final rate, with and without a warm-up", () => {
    const final = { constant: 1, linear: 0, cosine: 0, exponential: 0.01, step: 0.01 }[name];
    for (const warmup of [0, 20]) {
      expect(schedule(name, { learningRate, steps, warmup })(steps)).toBeCloseTo(learningRate * final, 12);
      expect(schedule(name, { learningRate, steps, warmup })(steps + 1)).toBeCloseTo(learningRate * final, 12);
    }
    if (name !== "step" && name !== "constant")
      expect(schedule(name, { learningRate, steps, final: 0.3 })(steps)).toBeCloseTo(learningRate * 0.3, 12);
  });

  test("it never rises after warm-up, and stays where it ended", () => {
    const rate = schedule(name, { learningRate, steps, warmup: 10 });
    const rates = Array.from({ length: steps + 40 }, (_, i) => rate(i + 1)).slice(10);
    rates.slice(1).forEach((r, i) => expect(r).toBeLessThanOrEqual(rates[i]!));
    expect(rate(steps + 1)).toBe(rate(steps + 1000));
  });
});

test("half way, each shape is where its formula says", () => {
  const half = (name: (typeof scheduleNames)[number], final?: number): number =>
    schedule(name, { learningRate: 1, steps: 101, ...(final !== undefined && { final }) })(51);
  expect(half("constant")).toBe(1);
  expect(half("linear")).toBeCloseTo(0.5, 12);
  expect(half("linear", 0.2)).toBeCloseTo(0.6, 12);
  expect(half("cosine")).toBeCloseTo(0.5, 12);
  expect(half("cosine", 0.2)).toBeCloseTo(0.6, 12);
  expect(half("exponential")).toBeCloseTo(0.1, 12);
  expect(half("exponential", 1e-4)).toBeCloseTo(0.01, 12);
});

test("a quarter of the way, cosine is (1 + cos(pi / 4)) / 2", () => {
  expect(schedule("cosine", { learningRate: 1, steps: 101 })(26)).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12);
});

test("step takes a tenth after half of the run and again after three quarters", () => {
  const rate = schedule("step", { learningRate: 1, steps: 100 });
  expect([1, 50, 51, 75, 76, 100].map(rate)).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01]);
});

test("one-cycle is torch 2.13's OneCycleLR(max_lr=1, total_steps=100, pct_start=0.3)", () => {
  const rate = schedule("one-cycle", { learningRate: 1, steps: 100 });
  const theirs: readonly (readonly [step: number, rate: number])[] = [
    [1, 0.04],
    [11, 0.29516394846410077],
    [15, 0.49401332387899954],
    [29, 0.9971862194340926],
    [30, 1],
    [31, 0.9994965352845243],
    [51, 0.793893450575732],
    [99, 0.0005074647154757879],
    [100, 4e-6],
  ];
  for (const [step, expected] of theirs) expect(rate(step), `step ${step}`).toBeCloseTo(expected, 12);
  expect(schedule("one-cycle", { learningRate: 1, steps: 100, warmup: 10 })(10)).toBe(1);
});

test("settings that make no schedule are refused", () => {
  expect(() => schedule("cosine", { learningRate, steps: 10, warmup: 10 })).toThrow(
    new ConfigError("schedule: warmup does not fit the run, got 10, expected 0 to 9 steps"),
  );
  expect(() => schedule("linear", { learningRate, steps: 10, warmup: -1 })).toThrow(ConfigError);
  expect(() => schedule("exponential", { learningRate, steps: 10, final: 0 })).toThrow(
    "schedule: an exponential never reaches its end, got final 0, expected more than 0",
  );
});
