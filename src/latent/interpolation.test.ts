import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { linear, pathBetween, spherical } from "./interpolation.ts";

const norm = (x: Float32Array): number => Math.hypot(...x);
const random = stream(0, "interpolation");
const normals = (dim: number): Float32Array => Float32Array.from({ length: dim }, () => random.normal());
const close = (found: Float32Array, expected: Float32Array): void =>
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));

test.each([
  ["linear", linear],
  ["spherical", spherical],
] as const)("a %s path begins and ends at its codes, and goes back the way it came", (_, between) => {
  const [a, b] = [normals(7), normals(7)];
  close(between(a, b, 0), a);
  close(between(a, b, 1), b);
  for (const t of [0.1, 0.5, 0.8]) close(between(a, b, t), between(b, a, 1 - t));
});

test("a linear path moves by the same step, and any affine map of it is the path between the maps", () => {
  const [a, b] = [normals(5), normals(5)];
  const map = (x: Float32Array): Float32Array => x.map((value) => 3 * value - 1);
  close(map(linear(a, b, 0.3)), linear(map(a), map(b), 0.3));
  close(
    linear(a, b, 0.5),
    a.map((value, i) => (value + b[i]!) / 2),
  );
});

test("a spherical path keeps the norm, turns at a constant rate and stays in the plane", () => {
  const a = normals(20);
  const other = normals(20);
  const b = other.map((value) => (value * norm(a)) / norm(other));
  const path = Array.from({ length: 11 }, (_, i) => spherical(a, b, i / 10));
  for (const point of path) expect(norm(point)).toBeCloseTo(norm(a), 4);
  const steps = path.slice(1).map((point, i) => norm(point.map((value, j) => value - path[i]![j]!)));
  for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 4);
  // A quarter turn has its middle at 45 degrees.
  close(spherical(Float32Array.of(2, 0, 0), Float32Array.of(0, 2, 0), 0.5), Float32Array.of(Math.SQRT2, Math.SQRT2, 0));
});

test("where the linear path of two Gaussian samples cuts inside their shell, the spherical one does not", () => {
  const [a, b] = [normals(200), normals(200)];
  expect(norm(linear(a, b, 0.5)) / Math.sqrt(200)).toBeLessThan(0.8);
  expect(Math.abs(norm(spherical(a, b, 0.5)) / Math.sqrt(200) - 1)).toBeLessThan(0.1);
});

test("codes in one line with the origin, where no circle is the great one, are joined by the straight line", () => {
  const a = normals(4);
  for (const b of [a, a.map((value) => 2 * value), a.map((value) => -value), new Float32Array(4)])
    close(spherical(a, b, 0.25), linear(a, b, 0.25));
});

test("a path has its ends, and steps between them", () => {
  const path = pathBetween(Float32Array.of(0, 10), Float32Array.of(4, 20), 5, linear);
  expect([...path]).toEqual([0, 10, 1, 12.5, 2, 15, 3, 17.5, 4, 20]);
});
