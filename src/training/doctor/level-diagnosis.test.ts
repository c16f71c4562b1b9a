import { describe, expect, test } from "vitest";
import type { Measured } from "./diagnosis.ts";
import { diagnoseLevels } from "./level-diagnosis.ts";

const reports = (name: string, values: readonly number[]): readonly Measured[] =>
  values.map((value, i) => ({ split: "train", step: 20 * (i + 1), metrics: { [name]: value } }));
const levels = (...rates: readonly number[]) => rates.map((rate, i) => ({ name: `z${i + 1}`, rate }));

describe("unused levels", () => {
  test("are named, with the rate of all and the settings that answer", () => {
    const [found, ...others] = diagnoseLevels([], levels(3, 0.02, 12, 0.05), {
      unusedLevels: ["--set warmup=N", "fewer"],
    });
    expect(others).toEqual([]);
    expect(found).toEqual({
      finding: "unused-levels",
      evidence: "2 of 4 latents carry less than 0.1 nats per example of 15.07 in all: z2, z4",
      remedy: "--set warmup=N; fewer",
    });
  });

  test("of many, the first eight are named", () => {
    const [found] = diagnoseLevels([], levels(...Array.from({ length: 12 }, () => 0)));
    expect(found!.evidence).toContain("z1, z2, z3, z4, z5, z6, z7, z8 and 4 more");
  });

  test("are none where all carry something, or there is one latent", () => {
    expect(diagnoseLevels([], levels(0.1, 5))).toEqual([]);
    expect(diagnoseLevels([], levels(0))).toEqual([]);
  });
});

describe("a spike of a rate", () => {
  const before = [2, 2.1, 1.9, 2, 2.2];
  test("is one that comes and goes", () => {
    const [found, ...others] = diagnoseLevels(reports("rate.z3", [...before, 40, ...before]), []);
    expect(others).toEqual([]);
    expect(found!.finding).toBe("rate-spikes");
    expect(found!.evidence).toBe(
      "the rate of z3 was 40 nats at step 120, 20 times that around it; one such report of z3",
    );
    expect(found!.remedy).toContain("--skip-norm");
  });

  test.each([
    ["a rate that rises and stays", [...before, 40, 41, 42, 40, 39, 41]],
    ["one of less than a nat", [0.01, 0.01, 0.01, 0.01, 0.01, 0.9, 0.01, 0.01, 0.01, 0.01, 0.01]],
    ["one that is not five times as much", [...before, 9, ...before]],
    ["one of which nothing is known after it", [...before, 40]],
  ])("is not %s", (_, values) => {
    expect(diagnoseLevels(reports("rate.z1", values), [])).toEqual([]);
  });
});

describe("skipped updates", () => {
  const at = (step: number, skippedUpdates: number): Measured => ({
    split: "train",
    step,
    metrics: { skippedUpdates, gradientNorm: 30 },
  });
  test("are a finding where they are more than one in fifty, with a norm to start from", () => {
    const [found] = diagnoseLevels([at(500, 2), at(1000, 21)], []);
    expect(found).toEqual({
      finding: "skipped-updates",
      evidence: "21 of 1000 updates were skipped for the norm of their gradients; the median of gradientNorm is 30",
      remedy: "a larger --skip-norm, such as 300; or a lower --learning-rate, or --warmup",
    });
  });
  test("are none where they are exceptions", () => {
    expect(diagnoseLevels([at(1000, 20)], [])).toEqual([]);
  });
});
