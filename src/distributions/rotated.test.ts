import { expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant } from "../graph/tensor.ts";
import { independent, Normal, Rotated } from "./index.ts";

const angle = 0.7;
const base = (count: number) =>
  independent(new Normal(constant([1.5, -0.4], [2]).broadcastTo([count, 2]), constant([0.8, 0.2], [2])), 1);

test("the density of a turned Gaussian is that of its full covariance", () => {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const mean = [1.5 * c + 0.4 * s, 1.5 * s - 0.4 * c] as const;
  const [xx, xy, yy] = [0.64 * c * c + 0.04 * s * s, 0.6 * c * s, 0.64 * s * s + 0.04 * c * c];
  const points = [[0.3, 1.1], [-1, 2], mean] as const;
  const p = new Rotated(base(3), constant(angle));
  const [logProb, center, variance] = evaluate([p.logProb(constant(points.flat(), [3, 2])), p.mean, p.variance]);
  const determinant = xx * yy - xy * xy;
  points.forEach(([x, y], i) => {
    const [u, v] = [x - mean[0], y - mean[1]];
    const exact = -0.5 * ((yy * u * u - 2 * xy * u * v + xx * v * v) / determinant + Math.log(determinant));
    expect(logProb!.data[i]).toBeCloseTo(exact - Math.log(2 * Math.PI), 4);
  });
  mean.forEach((v, i) => expect(center!.data[i]).toBeCloseTo(v, 6));
  [xx, yy].forEach((v, i) => expect(variance!.data[i]).toBeCloseTo(v, 6));
});

test("samples are the base's, turned counterclockwise, by an angle for each", () => {
  const quarter = new Rotated(base(2), constant([0, Math.PI / 2], [2]));
  const still = base(2);
  const [turned, as] = [quarter.rsample(), still.rsample()].map((t) => evaluate([t], noiseValues([t], 1))[0]!.data) as [
    Float64Array,
    Float64Array,
  ];
  expect(turned[0]).toBeCloseTo(as[0]!, 6);
  expect(turned[2]).toBeCloseTo(-as[3]!, 6);
  expect(turned[3]).toBeCloseTo(as[2]!, 6);
});

test("it is of points in the plane", () => {
  const line = independent(new Normal(constant(0).broadcastTo([4, 3]), 1), 1);
  expect(() => new Rotated(line, constant(0))).toThrow(
    "Rotated: no points in the plane, got Independent Normal [4,3] of event rank 1, expected events of shape [2]",
  );
});
