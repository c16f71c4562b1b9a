import { describe, expect, test } from "vitest";
import { stepReference } from "../../test/optimizer-reference.ts";
import { ConfigError } from "../errors.ts";
import type { RunOptimizer } from "../models/model.ts";
import { adam } from "../optim/adam.ts";
import { optimizerFor, totalSteps, trainingSettings } from "./settings.ts";

const settings = (given: object = {}) => trainingSettings.parse(given);

describe("the length of a run", () => {
  test("is epochs of batches, or steps", () => {
    expect(totalSteps(settings({ epochs: 3 }), 40)).toBe(120);
    expect(totalSteps(settings({ steps: 7 }), 40)).toBe(7);
    expect(totalSteps(settings(), 40)).toBe(20 * 40);
    // Of several batches each.
    expect(totalSteps(settings({ epochs: 3 }), 40, 5)).toBe(24);
    expect(totalSteps(settings({ epochs: 1 }), 41, 5)).toBe(9);
  });

  test("is not both", () => {
    expect(() => totalSteps(settings({ epochs: 3, steps: 7 }), 40)).toThrow(
      new ConfigError("train: two lengths, got 3 epochs and 7 steps, expected one of them"),
    );
  });
});

describe("the optimizer", () => {
  const rate = (given: object, step: number): number =>
    optimizerFor(settings({ optimizer: "sgd", ...given }), 101).scalars({ step, updates: step, decays: true })["rate"]!;

  test("follows the schedule over the whole run, after the warm-up", () => {
    expect(rate({ learningRate: 0.5 }, 77)).toBeCloseTo(0.5, 12);
    expect(rate({ learningRate: 0.5, warmup: 10 }, 5)).toBeCloseTo(0.25, 12);
    expect(rate({ learningRate: 0.5, warmup: 10 }, 50)).toBeCloseTo(0.5, 12);
    expect(rate({ learningRate: 0.5, schedule: "linear" }, 51)).toBeCloseTo(0.25, 12);
    // Half a cosine is at its middle after half the run.
    expect(rate({ learningRate: 0.5, schedule: "cosine" }, 51)).toBeCloseTo(0.25, 12);
  });

  // The first step of Adam from 0 is rate g / (|g| + epsilon): a half of the rate where epsilon is |g|.
  test.each(["adam", "adamw", "adamax"])("of %s takes its epsilon", (optimizer) => {
    const move = (given: object): number =>
      -stepReference(optimizerFor(settings({ optimizer, learningRate: 0.1, ...given }), 10), [0], [[0.02]])
        .parameter[0]!;
    expect(move({})).toBeCloseTo(0.1, 6);
    expect(move({ epsilon: 0.02 })).toBeCloseTo(0.05, 12);
  });

  test("of an objective with a rate and decays of its own follows the run's schedule, clipping and averages", () => {
    const own = ({ scheduled }: RunOptimizer) => adam({ learningRate: scheduled(1e-4), beta1: 0.5, beta2: 0.9 });
    const run = settings({ optimizer: "sgd", learningRate: 3, schedule: "linear", ema: 0.9, clipNorm: 1 });
    const optimizer = optimizerFor(run, 101, [], { optimizer: own });
    expect(Object.keys(optimizer.slots)).toEqual(["m", "v", "ema"]);
    expect(optimizer.needsGradientNorm).toBe(true);
    // Half of the way down, and the bias corrections of the second update.
    const { rate: step, correction } = optimizer.scalars({ step: 51, updates: 2, decays: true });
    expect(step).toBeCloseTo((0.5 * 1e-4) / (1 - 0.5 ** 2), 12);
    expect(correction).toBeCloseTo(1 / Math.sqrt(1 - 0.9 ** 2), 12);
    // Given the run's own it may keep it.
    expect(Object.keys(optimizerFor(run, 100, [], { optimizer: ({ optimizer: same }) => same }).slots)).toEqual([
      "ema",
    ]);
  });

  test("of an objective that says so averages by a decay of its own, or not at all", () => {
    const decayOf = (given: object, ema?: number | false): number | undefined => {
      const optimizer = optimizerFor(settings(given), 10, [], ema === undefined ? {} : { ema });
      // The decay has come to its own value after many updates.
      return optimizer.scalars({ step: 1, updates: 1e6, decays: true })["emaDecay"];
    };
    const plain = { optimizer: "sgd" };
    expect(decayOf({ ...plain, ema: 0.9 })).toBe(0.9);
    expect(decayOf({ ...plain, ema: 0.9 }, 0.75)).toBe(0.75);
    expect(decayOf(plain, 0.75)).toBe(0.75);
    expect(decayOf({ ...plain, ema: 0.9 }, false)).toBeUndefined();
    expect(decayOf(plain)).toBeUndefined();
  });

  test("keeps averages where ema is set, and reads the gradient's norm where it is clipped by it", () => {
    expect(Object.keys(optimizerFor(settings(), 10).slots)).not.toContain("ema");
    expect(Object.keys(optimizerFor(settings({ ema: 0.9 }), 10).slots)).toContain("ema");
    expect(optimizerFor(settings({ clipValue: 1 }), 10).needsGradientNorm ?? false).toBe(false);
    expect(optimizerFor(settings({ clipNorm: 1 }), 10).needsGradientNorm).toBe(true);
  });

  test.each([
    [
      { optimizer: "sgd", epsilon: 1e-4 },
      "train: sgd has no epsilon, got 0.0001, expected none, or optimizer adam or adamw or adamax",
    ],
    [{ momentum: 0.9 }, "train: adam has no momentum, got 0.9, expected 0, or optimizer sgd or rmsprop"],
    [
      { optimizer: "adamax", weightDecay: 0.1 },
      "train: adamax has no weightDecay, got 0.1, expected 0, or optimizer adamw or sgd",
    ],
  ])("refuses a setting it would not read: %j", (given, message) => {
    expect(() => optimizerFor(settings(given), 10)).toThrow(new ConfigError(message));
  });
});
