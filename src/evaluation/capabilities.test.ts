import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { initialValues } from "../../test/variable-values.ts";
import { dataSpec } from "../data/spec.ts";
import { UnsupportedOpError } from "../errors.ts";
import { evaluate } from "../graph/evaluate.ts";
import type { Model } from "../models/model.ts";
import { findModel, registry } from "../models/registry.ts";
import { evaluation } from "../nn/context.ts";
import { type CapabilityName, codeOf, has, lacking, requireCapabilities } from "./capabilities.ts";

const data = dataSpec([1, 8, 8], {
  range: [0, 255],
  size: 60,
  examples: 50,
  fields: [{ name: "class", kind: "class", classes: ["a", "b"] }],
});
const modelOf = (name: string, settings: object = {}): Model => {
  const definition = findModel(name);
  const latentDim = { latentDim: 3 };
  const hasCodes = definition.config.safeParse(latentDim).success;
  return definition.build(definition.config.parse({ ...(hasCodes && latentDim), ...settings }), data);
};

describe("latents that are said to have the prior N(0, I)", () => {
  test.each<readonly [name: string, settings: object, standard: boolean]>([
    ["vae", {}, true],
    ["vae", { prior: "mixture", components: 1 }, false],
    ["vae", { prior: "vamp", components: 2 }, false],
    ["cvae", {}, true],
    ["cvae", { prior: "mixture" }, false],
    ["wae", {}, true],
    ["pca", {}, true],
    ["aae", {}, true],
    ["aae", { clusters: 2 }, false],
    ["ae", {}, false],
    ["rae", {}, false],
    // Its code's prior depends on the latent above.
    ["two-layer", {}, false],
  ])("%s, %j: %s", (name, settings, standard) => {
    expect(has(modelOf(name, settings), "standardNormal")).toBe(standard);
  });

  test.each(registry.map(({ name }) => name))("%s: have it", (name) => {
    const model = modelOf(name);
    const [count, squared] = [2, (values: Float64Array) => values.reduce((sum, v) => sum + v * v, 0)];
    for (const latent of model.latents ?? []) {
      if (!latent.standardNormal) continue;
      const p = latent.prior!({}, count, evaluation);
      const z = p.sample();
      const leaves = new Map([...initialValues(model), ...noiseValues([z], 4)]);
      const [density, code] = evaluate([p.logProb(z), z], leaves).map((found) => found.data);
      const dim = latent.shape[0]!;
      density!.forEach((logProb, i) => {
        const own = squared(code!.slice(i * dim, (i + 1) * dim));
        expect(logProb).toBeCloseTo(-0.5 * (own + dim * Math.log(2 * Math.PI)), 8);
      });
    }
  });
});

test.each<readonly [name: string, expected: readonly CapabilityName[]]>([
  ["pca", ["encode", "decode", "reconstruct", "sample", "prior", "standardNormal", "gaussian", "likelihood", "elbo"]],
  ["ae", ["encode", "decode", "reconstruct"]],
  ["dae", ["encode", "decode", "reconstruct", "denoise"]],
  ["rae", ["encode", "decode", "reconstruct"]],
  ["wae", ["encode", "decode", "reconstruct", "sample", "prior", "standardNormal"]],
  ["vae", ["encode", "decode", "reconstruct", "sample", "prior", "standardNormal", "gaussian", "likelihood", "elbo"]],
  ["aae", ["encode", "decode", "reconstruct", "sample", "prior", "standardNormal"]],
  ["two-layer", ["encode", "decode", "reconstruct", "sample", "prior", "likelihood", "elbo"]],
  [
    "cvae",
    [
      "encode",
      "decode",
      "reconstruct",
      "sample",
      "prior",
      "standardNormal",
      "gaussian",
      "likelihood",
      "elbo",
      "classConditional",
    ],
  ],
])("%s has its capabilities and no others", (name, expected) => {
  const model = modelOf(name);
  const all: readonly CapabilityName[] = [
    "encode",
    "decode",
    "reconstruct",
    "denoise",
    "sample",
    "prior",
    "standardNormal",
    "gaussian",
    "likelihood",
    "elbo",
    "classConditional",
  ];
  expect(all.filter((capability) => has(model, capability))).toEqual(expected);
  expect([has(model, "vector"), has(model, "validation")]).toEqual([true, true]);
});

test("the code is the latent a model names, or its only one", () => {
  expect(codeOf(modelOf("two-layer"))?.name).toBe("h1");
  expect(codeOf(modelOf("vae"))?.name).toBe("z");
  const { code: _, latents } = modelOf("two-layer");
  expect(codeOf({ objectives: () => [], latents: latents! })).toBeUndefined();
  expect(codeOf({ objectives: () => [] })).toBeUndefined();
});

test("the first that is missing is named in one line", () => {
  const model = modelOf("ae");
  expect(lacking(model, ["encode", "decode"])).toBeUndefined();
  expect(lacking(model, ["encode", "likelihood", "prior"])).toMatch(/^the model has no likelihood: /);
  const require = () => requireCapabilities(model, ["encode", "prior"], { where: "walk", remedy: "--prior gaussian" });
  expect(require).toThrow(UnsupportedOpError);
  expect(require).toThrow(/^walk: [^\n]+, got a model that has no p\(z\), expected --prior gaussian$/);
});
