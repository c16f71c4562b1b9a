import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { closedWalk, walkBetween } from "./walk.ts";

test("every step of a walk is distributed like the prior", () => {
  const [walks, dim, frames] = [2000, 2, 8];
  const steps = Array.from({ length: walks }, (_, n) => closedWalk(dim, frames, stream(n, "walk")));
  const mean = (f: (u: Float32Array) => number): number => steps.reduce((sum, u) => sum + f(u) / walks, 0);
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * dim;
    // Standard errors: 0.022 of means and covariances, 0.032 of variances, 0.22 of fourth moments.
    expect(Math.abs(mean((u) => u[at]!))).toBeLessThan(0.1);
    expect(Math.abs(mean((u) => u[at]! ** 2) - 1)).toBeLessThan(0.13);
    expect(Math.abs(mean((u) => u[at]! ** 4) - 3)).toBeLessThan(0.9);
    expect(Math.abs(mean((u) => u[at]! * u[at + 1]!))).toBeLessThan(0.1);
  }
  // Its covariance over time is the mean of cos(2 pi m s) over the three waves: at s = 1/8 that of cos 45, 90 and 135 degrees, 0.
  expect(Math.abs(mean((u) => u[0]! * u[dim]!))).toBeLessThan(0.1);
  expect(mean((u) => u[0]! * u[4 * dim]!)).toBeCloseTo(-1 / 3, 1);
});

test("a walk stays near the prior's shell", () => {
  const [dim, frames] = [400, 50];
  const walk = closedWalk(dim, frames, stream(1, "walk"));
  for (let frame = 0; frame < frames; frame++) {
    const radius = Math.hypot(...walk.subarray(frame * dim, (frame + 1) * dim)) / Math.sqrt(dim);
    // The radius of a sample has a standard deviation of 1 / sqrt(2 dim) = 0.035.
    expect(Math.abs(radius - 1)).toBeLessThan(0.2);
  }
});

test("a walk is smooth, and closes like any of its steps", () => {
  const [dim, frames] = [100, 60];
  const walk = closedWalk(dim, frames, stream(2, "walk"));
  const at = (frame: number): Float32Array => walk.subarray((frame % frames) * dim).subarray(0, dim);
  const step = (frame: number): number => Math.hypot(...at(frame).map((value, i) => at(frame + 1)[i]! - value));
  const steps = Array.from({ length: frames }, (_, frame) => step(frame));
  // E|u(t + s) - u(t)|^2 = 2 dim (1 - mean of cos(2 pi m s)).
  const expected = Math.sqrt(
    2 * dim * (1 - [1, 2, 3].reduce((sum, m) => sum + Math.cos((2 * Math.PI * m) / frames) / 3, 0)),
  );
  for (const length of steps) expect(Math.abs(length / expected - 1)).toBeLessThan(0.5);
});

test("a walk between codes comes by each in their order, on straight lines, and closes", () => {
  const codes = Float32Array.of(0, 0, 8, 0, 8, 4);
  const walk = walkBetween(codes, 2, 12);
  const at = (frame: number): number[] => [...walk.subarray(2 * frame, 2 * frame + 2)];
  expect([0, 4, 8].map(at)).toEqual([
    [0, 0],
    [8, 0],
    [8, 4],
  ]);
  // Halfway in time is halfway in space; a quarter of the time is (1 - cos 45 degrees) / 2 of the way.
  [
    [4, 0],
    [8, 2],
    [4, 2],
  ].forEach((middle, i) => at(4 * i + 2).forEach((value, d) => expect(value).toBeCloseTo(middle[d]!, 5)));
  expect(at(1)[0]).toBeCloseTo(8 * 0.1464466, 5);
  // The step after the last is the first again: the last is as far from it as the first from the second.
  at(11).forEach((value, d) => expect(value).toBeCloseTo([8, 4][d]! * 0.1464466, 5));
});
