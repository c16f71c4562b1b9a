import { expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import { withPresets } from "../../training/with-presets.ts";
import type { DataSpec } from "../model.ts";
import { gan } from "./gan.ts";
import { adversarialLossNames } from "./losses.ts";
import { gradientPenaltyNames } from "./penalties.ts";

const points = dataSpec([2], { kind: "points", range: null });
const chosen = (data: DataSpec, config: object = {}) => withPresets(gan, { config, settings: {} }, data, 10_000).config;

test("whichever loss and penalty are asked for, the rest is chosen so that the model can be built", () => {
  const table = dataSpec([3], { kind: "table", range: null });
  const images = [1, 3, 4, 7, 8, 12, 31, 32, 64].map((side) => dataSpec([1, side, side]));
  for (const data of [points, table, ...images])
    for (const loss of adversarialLossNames)
      for (const penalty of gradientPenaltyNames) {
        const bounded = loss === "wasserstein" && penalty === "none" ? { clip: 0.01 } : {};
        expect(() => gan.build(gan.config.parse(chosen(data, { loss, penalty, ...bounded })), data)).not.toThrow();
      }
});

test("rows and vectors have the rate and length of a run of their own, unless those are given", () => {
  for (const kind of ["table", "vector"] as const) {
    const data = dataSpec([3], { kind, range: null });
    const of = (settings: object) => withPresets(gan, { config: {}, settings }, data, 10_000).settings;
    expect(of({})).toMatchObject({ steps: 10_000, batchSize: 128, learningRate: 1e-3, schedule: "cosine", beta1: 0 });
    expect(of({ epochs: 3 }).steps).toBeUndefined();
  }
});

test("points have a weight for the penalties on slopes alone, and images none", () => {
  const weightOf = (config: object, data = points) =>
    (chosen(data, config) as { penaltyWeight?: number }).penaltyWeight;
  expect([{}, { penalty: "interpolates" }, { penalty: "r1" }].map((config) => weightOf(config))).toEqual([
    0.1, 0.1, 0.1,
  ]);
  expect([{ penalty: "none" }, { penalty: "js" }].map((config) => weightOf(config))).toEqual([undefined, undefined]);
  expect(weightOf({ penaltyWeight: 3 })).toBe(3);
  expect(weightOf({}, dataSpec([1, 28, 28]))).toBeUndefined();
});
