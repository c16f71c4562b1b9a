import { beforeAll, describe, expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import { ConfigError, DataError, UnsupportedOpError } from "../../errors.ts";
import { ae } from "../../models/autoencoders/ae.ts";
import { diffusion } from "../../models/diffusion/diffusion.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { variables } from "../../nn/module.ts";
import { cpuDevice } from "../../runtime/node.ts";
import type { Device } from "../../runtime/device.ts";
import { createVariables } from "../../runtime/variables.ts";
import { TrainedModel } from "../trained-model.ts";
import { editExamples } from "./editing.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

/** Images of 2 x 2 pixels, by a network with its initial weights: D is cSkip y. */
const untrained = (definition: ModelDefinition = diffusion): TrainedModel => {
  const model = definition.build(definition.config.parse({}), dataSpec([1, 2, 2]));
  return new TrainedModel(model, { store: createVariables(cpu, variables(model).values()), shape: [1, 2, 2] });
};
const x = Float32Array.of(0.1, 0.9, 0.4, 0.6, 1, 0, 0.5, 0.25);
const mask = Float32Array.of(0, 1, 1, 0);

describe("examples edited on a device", () => {
  test("are kept to the bit where the mask is 0, and sampled where it is 1, by the seed", async () => {
    const trained = untrained();
    const options = { mask, steps: 4, resample: 2 };
    const first = await editExamples(trained, x, { ...options, seed: 1 });
    const compiled = trained.compiledCount;
    const again = await editExamples(trained, x, { ...options, seed: 1 });
    const other = await editExamples(trained, x, { ...options, seed: 2, steps: 5, resample: 3 });
    expect(again).toEqual(first);
    for (const [i, value] of x.entries()) {
      const kept = mask[i % 4] === 0;
      expect(first[i] === value).toBe(kept);
      expect(other[i] === first[i]).toBe(kept);
    }
    // Options that are numbers compile nothing anew.
    expect(trained.compiledCount).toBe(compiled);
    await trained.release();
  });

  test("do not depend on how many there are, and each has its own mask", async () => {
    const trained = untrained();
    const both = Float32Array.of(...mask, 1, 1, 0, 0);
    const found = await editExamples(trained, x, { mask: both, steps: 3 });
    const [one] = [await editExamples(trained, x.subarray(0, 4), { mask, steps: 3 })];
    expect(found.subarray(0, 4)).toEqual(one);
    expect(Array.from(found.subarray(4), (value, i) => value === x[4 + i])).toEqual([false, false, true, true]);
    await trained.release();
  });

  test("come back at a strength near 0, and report each step", async () => {
    const trained = untrained();
    const near = await editExamples(trained, x, { strength: 0.01 });
    near.forEach((value, i) => expect(Math.abs(value - x[i]!)).toBeLessThan(0.01));
    const steps: string[] = [];
    await editExamples(trained, x, { strength: 0.5, steps: 6, onStep: (step, of) => steps.push(`${step}/${of}`) });
    expect(steps).toEqual(["1/2", "2/2"]);
    await trained.release();
  });

  test.each([
    [
      x,
      { mask: Float32Array.of(0, 1) },
      ConfigError,
      /^edit: the mask does not fit the examples, got 2 values, expected 4: \[1, 2, 2\]$/,
    ],
    [
      x,
      { mask: Float32Array.of(0, 1, 0.5, 1) },
      ConfigError,
      /^edit: a value of the mask is neither 0 nor 1, got 0.5, expected 1 for new/,
    ],
    [x.subarray(0, 6), {}, ConfigError, /^edit: x is no whole number of examples, got 6 values/],
    [Float32Array.of(0, 1, NaN, 0), {}, DataError, /^edit: example 0 is not finite, got NaN, expected numbers$/],
    [x, { resample: 3 }, ConfigError, /^resample: .* without a mask, expected a mask too$/],
    [
      x,
      { strength: 0 },
      ConfigError,
      /^edit: strength: not a value it takes, got 0, expected a number above 0 and up to 1$/,
    ],
    [x, { strenght: 0.5 }, ConfigError, /^edit: strenght: unknown setting, .*; did you mean strength\?$/],
  ] as const)("refuses %# in one line", async (examples, options, kind, message) => {
    const trained = untrained();
    const wrong = editExamples(trained, examples, options);
    await expect(wrong).rejects.toThrow(kind);
    await expect(wrong).rejects.toThrow(message);
    await trained.release();
  });

  test("are none of a model without an editor", async () => {
    const trained = untrained(ae);
    const wrong = editExamples(trained, x);
    await expect(wrong).rejects.toThrow(UnsupportedOpError);
    await expect(wrong).rejects.toThrow(/^edit: .* got a model that does not edit examples, expected one that edits/);
    await trained.release();
  });
});
