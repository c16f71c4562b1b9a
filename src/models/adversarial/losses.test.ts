import { expect, test } from "vitest";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { adversarialLosses, type AdversarialLoss } from "./losses.ts";

const number = (t: Tensor): number => Number(evaluate([t], new Map())[0]!.data[0]);
const [real, fake] = [
  [1.5, -0.5, 0.2],
  [-1, 0.3, 2],
];
const of = (loss: AdversarialLoss, [r, f] = [real, fake], target = 1) => ({
  discriminator: number(loss.discriminator(constant(r, [r.length]), constant(f, [f.length]), target)),
  generator: number(loss.generator(constant(f, [f.length]), constant(r, [r.length]))),
});
const average = (values: readonly number[], each: (v: number) => number): number =>
  values.reduce((total, v) => total + each(v), 0) / values.length;
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

test("where D is 1/2 the discriminator's loss is 2 log 2, and the generator's log 2", () => {
  const chance = [[0], [0]] as [number[], number[]];
  expect(of(adversarialLosses.minimax, chance).discriminator).toBeCloseTo(2 * Math.log(2), 6);
  expect(of(adversarialLosses.minimax, chance).generator).toBeCloseTo(-Math.log(2), 6);
  expect(of(adversarialLosses["non-saturating"], chance).generator).toBeCloseTo(Math.log(2), 6);
  for (const v of Object.values(of(adversarialLosses.relativistic, chance))) expect(v).toBeCloseTo(Math.log(2), 6);
});

test("the losses are their papers' formulas", () => {
  const d = -average(real, (v) => Math.log(sigmoid(v))) - average(fake, (v) => Math.log(1 - sigmoid(v)));
  expect(of(adversarialLosses.minimax).discriminator).toBeCloseTo(d, 6);
  expect(of(adversarialLosses.minimax).generator).toBeCloseTo(
    average(fake, (v) => Math.log(1 - sigmoid(v))),
    6,
  );
  expect(of(adversarialLosses["non-saturating"])).toEqual({
    discriminator: of(adversarialLosses.minimax).discriminator,
    generator: expect.closeTo(-average(fake, (v) => Math.log(sigmoid(v))), 6),
  });
  expect(of(adversarialLosses.hinge)).toEqual({
    discriminator: expect.closeTo(
      average(real, (v) => Math.max(0, 1 - v)) + average(fake, (v) => Math.max(0, 1 + v)),
      6,
    ),
    generator: expect.closeTo(-average(fake, (v) => v), 6),
  });
  expect(of(adversarialLosses["least-squares"])).toEqual({
    discriminator: expect.closeTo((average(real, (v) => (v - 1) ** 2) + average(fake, (v) => v ** 2)) / 2, 6),
    generator: expect.closeTo(average(fake, (v) => (v - 1) ** 2) / 2, 6),
  });
  expect(of(adversarialLosses.wasserstein)).toEqual({
    discriminator: expect.closeTo(average(fake, (v) => v) - average(real, (v) => v), 6),
    generator: expect.closeTo(-average(fake, (v) => v), 6),
  });
  const pairs = real.map((v, i) => v - fake[i]!);
  expect(of(adversarialLosses.relativistic)).toEqual({
    discriminator: expect.closeTo(-average(pairs, (v) => Math.log(sigmoid(v))), 6),
    generator: expect.closeTo(-average(pairs, (v) => Math.log(sigmoid(-v))), 6),
  });
});

test("one-sided smoothing moves the target of real examples alone: the best logit of one is that of the target", () => {
  for (const name of ["minimax", "non-saturating"] as const) {
    const loss = (logit: number): number => of(adversarialLosses[name], [[logit], [0]], 0.9).discriminator;
    const best = Math.log(0.9 / 0.1);
    expect(loss(best)).toBeLessThan(loss(best + 0.05));
    expect(loss(best)).toBeLessThan(loss(best - 0.05));
    // Of samples it is what it was.
    const ofFake = (target: number): number =>
      of(adversarialLosses[name], [[0], [1.3]], target).discriminator -
      of(adversarialLosses[name], [[0], [0]], target).discriminator;
    expect(ofFake(0.9)).toBeCloseTo(ofFake(1), 6);
  }
  expect(of(adversarialLosses["least-squares"], [[0.9], [0]], 0.9).discriminator).toBeCloseTo(0, 6);
});
