import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, Noise, type Tensor } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { square } from "../../ops/arithmetic.ts";
import { hamiltonianTransition } from "./hamiltonian-transition.ts";

// Each row has a density of its own: exp(-k |z|^2 / 2 + z_1), a Gaussian of precision k about (1 / k, 0).
const precisions = [1, 4, 0.5, 9];
const k = constant(precisions, [4, 1]);
const starts = [0.3, -1.2, 0.8, 0.1, -2, 1.5, 0.2, 0.7];
const logDensity = (z: Tensor): Tensor =>
  square(z)
    .mul(k)
    .mul(-0.5)
    .add(z.mul(constant([1, 0], [2])))
    .sum(1);
const steps = [0.9, 0.8, 2.5, 0.6];

function transition(leapfrogs: number, seed: number) {
  const z = new Input("z", [4, 2]);
  const next = hamiltonianTransition(z, { logDensity, stepSize: constant(steps, [4, 1]), leapfrogs });
  const roots = [next.z, next.acceptance, next.accepted];
  const noise = noiseValues(roots, seed);
  const leaves = new Map([...noise, [z, value("float32", z.shape, starts)] as const]);
  const of = (distribution: string, rank: number): Float64Array =>
    [...noise].find(([leaf]) => leaf instanceof Noise && leaf.distribution === distribution && leaf.rank === rank)![1]
      .data;
  const [found, acceptance, accepted] = evaluate(roots, leaves).map(({ data }) => data) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { found, acceptance, accepted, factor: of("uniform", 2), velocity: of("normal", 2), chance: of("uniform", 1) };
}

/** Leapfrog by Neal 2011, eq. 5.18 to 5.20, on plain numbers: the end, and H there minus H at the start. */
function leapfrog(row: number, count: number, step: number, velocity: readonly number[]) {
  const precision = precisions[row]!;
  const density = (z: readonly number[]): number => -0.5 * precision * (z[0]! ** 2 + z[1]! ** 2) + z[0]!;
  const gradient = (z: readonly number[]): number[] => [1 - precision * z[0]!, -precision * z[1]!];
  let [z, v] = [starts.slice(2 * row, 2 * row + 2), [...velocity]];
  const energy = (): number => 0.5 * (v[0]! ** 2 + v[1]! ** 2) - density(z);
  const before = energy();
  for (let n = 0; n < count; n++) {
    v = v.map((each, i) => each + (step / 2) * gradient(z)[i]!);
    z = z.map((each, i) => each + step * v[i]!);
    v = v.map((each, i) => each + (step / 2) * gradient(z)[i]!);
  }
  return { z, change: energy() - before };
}

describe.each([1, 2, 5])("%i leapfrog steps", (leapfrogs) => {
  test.each([0, 1, 2, 3, 4, 5])(
    "go where the equations do, and are accepted by the change of energy, noise %i",
    (seed) => {
      const { found, acceptance, accepted, factor, velocity, chance } = transition(leapfrogs, seed);
      for (let row = 0; row < 4; row++) {
        const step = steps[row]! * (0.8 + 0.4 * factor[row]!);
        const { z, change } = leapfrog(row, leapfrogs, step, [...velocity.subarray(2 * row, 2 * row + 2)]);
        const probability = Math.min(1, Math.exp(-change));
        expect(acceptance[row]).toBeCloseTo(probability, 6);
        const taken = chance[row]! < Math.exp(-change);
        expect(Boolean(accepted[row])).toBe(taken);
        const end = taken ? z : starts.slice(2 * row, 2 * row + 2);
        end.forEach((each, i) => expect(found[2 * row + i]).toBeCloseTo(each, 6));
      }
    },
  );
});

test("proposals are both accepted and rejected", () => {
  const all = [0, 1, 2, 3, 4, 5].flatMap((seed) => Array.from(transition(5, seed).accepted));
  expect(all).toContain(0);
  expect(all).toContain(1);
});
