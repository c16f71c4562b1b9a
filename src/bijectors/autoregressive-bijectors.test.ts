import { describe, expect, test } from "vitest";
import { lawsOf, type TriedBijector } from "../../test/bijector-laws.ts";
import { MLP } from "../nn/mlp.ts";
import type { BijectorNetwork } from "./bijector.ts";
import { cpuDevice } from "../runtime/node.ts";
import {
  affine,
  Autoregressive,
  Chain,
  Coupling,
  halves,
  Inverse,
  Permutation,
  Planar,
  Radial,
  rationalQuadratic,
} from "./index.ts";

const device = await cpuDevice();
const spline = rationalQuadratic({ bins: 6, bound: 3 });
const network = (kept: number, changed: number): BijectorNetwork => new MLP([kept, 8, changed * spline.parameters]);
const autoregressive = { hiddenDims: [12, 9], activation: "tanh" } as const;

const cases: Readonly<Record<string, TriedBijector>> = {
  "a fixed order": { bijector: Permutation.shuffled(5, 3), size: 5 },
  planar: { bijector: new Planar(4), size: 4, parameters: 1.5 },
  "planar, given a vector": { bijector: new Planar(3, { given: 2 }), size: 3, given: 2, parameters: 1 },
  "planar, of one value": { bijector: new Planar(1), size: 1, parameters: 2 },
  radial: { bijector: new Radial(4), size: 4, parameters: 1.5 },
  "radial, given a vector": { bijector: new Radial(3, { given: 2 }), size: 3, given: 2, parameters: 1 },
  "a spline coupling": {
    bijector: new Coupling(spline, network(2, 3), halves([2, 3], "second")),
    size: 5,
    parameters: 0.25,
  },
  "a spline coupling that changes the first part": {
    bijector: new Coupling(spline, network(3, 2), halves([2, 3], "first")),
    size: 5,
    parameters: 0.25,
  },
  "masked autoregressive": {
    bijector: new Autoregressive(affine, { ...autoregressive, size: 4 }),
    size: 4,
    parameters: 0.25,
  },
  "masked autoregressive, given a vector": {
    bijector: new Autoregressive(affine, { ...autoregressive, size: 3, given: 2 }),
    size: 3,
    given: 2,
    parameters: 0.25,
  },
  "of one value": { bijector: new Autoregressive(affine, { ...autoregressive, size: 1 }), size: 1 },
  "a spline autoregressive one": {
    bijector: new Autoregressive(spline, { ...autoregressive, size: 4, given: 1 }),
    size: 4,
    given: 1,
    parameters: 0.25,
  },
  "inverse autoregressive": {
    bijector: new Inverse(new Autoregressive(affine, { ...autoregressive, size: 4 })),
    size: 4,
    parameters: 0.25,
  },
  "a chain of them": {
    bijector: new Chain([
      new Autoregressive(affine, { ...autoregressive, size: 4, seed: 1 }),
      Permutation.reversed(4),
      new Autoregressive(spline, { ...autoregressive, size: 4, seed: 2 }),
    ]),
    size: 4,
    parameters: 0.25,
  },
};

describe.each(Object.entries(cases))("%s", (name, tried) => {
  test.each([1, 6, 100])("is a bijection with the volume it says, of examples within %i of 0", async (scale) => {
    const { roundTrip, logDet, finite, moved } = await lawsOf(tried, device, scale);
    expect(roundTrip).toBeLessThan(1e-4);
    expect(logDet).toBeLessThan(1e-3);
    expect(finite).toBe(true);
    if (scale < 100 || !name.includes("spline")) expect(moved).toBeGreaterThan(0.01);
  });
});
