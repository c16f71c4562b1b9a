import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { parzenLogLikelihoods, parzenWindow } from "./parzen-window.ts";

const normals = (count: number, key: number): Float64Array => {
  const random = stream(key, "normals");
  return Float64Array.from({ length: count }, () => random.normal());
};

describe("the Parzen window", () => {
  test("is a mixture of Gaussians around the samples", () => {
    const samples = Float64Array.of(0, 0, 3, 4);
    const [narrow, wide] = parzenLogLikelihoods(samples, Float64Array.of(0, 0), { dim: 2, bandwidths: [1, 5] });
    // Squared distances of 0 and 25.
    expect(narrow![0]).toBeCloseTo(Math.log((1 + Math.exp(-12.5)) / 2 / (2 * Math.PI)), 12);
    expect(wide![0]).toBeCloseTo(Math.log((1 + Math.exp(-0.5)) / 2 / (2 * Math.PI * 25)), 12);
  });

  // scipy.stats.gaussian_kde([-1, 0, 0.5, 2], bw_method=0.5 / std).logpdf([0, 1, 5]), std of the four with n - 1.
  test("is SciPy's kernel density", () => {
    const samples = Float64Array.of(-1, 0, 0.5, 2);
    const [found] = parzenLogLikelihoods(samples, Float64Array.of(0, 1, 5), { dim: 1, bandwidths: [0.5] });
    [-1.0569362245794, -1.7427222276668004, -19.612085713595416].forEach((value, i) =>
      expect(found![i]).toBeCloseTo(value, 10),
    );
  });

  test("nears the entropy of one Gaussian dimension, with the bandwidth that other points choose", () => {
    const found = parzenWindow(normals(4000, 0), normals(2000, 1), { dim: 1, validation: normals(1000, 2) });
    const mean = found.logLikelihoods.reduce((a, b) => a + b) / 2000;
    expect(Math.abs(mean + 0.5 * Math.log(2 * Math.PI * Math.E))).toBeLessThan(0.05);
    expect(found.bandwidth).toBeGreaterThan(0.05);
    expect(found.bandwidth).toBeLessThan(0.6);
    expect(found.edge).toBeUndefined();
  });

  // In units of any size: a validation point on each sample wants no width, samples far from all of them want all there is.
  test.each([1, 1000])("tells which end of the candidates the best bandwidth is at, of values of size %d", (size) => {
    const validation = normals(100, 2).map((v) => size * v);
    expect(parzenWindow(validation, validation, { dim: 1, validation }).edge).toBe("smallest");
    const far = validation.map((v) => v + 100 * size);
    expect(parzenWindow(far, validation, { dim: 1, validation }).edge).toBe("largest");
  });

  // Points at a distance r from the only sample are the likeliest for a bandwidth of r / sqrt(dim); how far they lie from each other stays.
  test.each([0, 0.4, 0.6, 0.8])(
    "finds the best bandwidth within half a step, of a sample %d beside the sphere",
    (h) => {
      const dim = 400;
      const random = stream(3, "directions");
      const points = Array.from({ length: 20 }, () => {
        const direction = Array.from({ length: dim - 1 }, () => random.normal());
        return [...direction.map((v) => v / Math.hypot(...direction)), 0];
      });
      const sample = new Float64Array(dim).fill(h, dim - 1);
      const { bandwidth } = parzenWindow(sample, Float64Array.from(points.flat()), {
        dim,
        validation: Float64Array.from(points.flat()),
      });
      expect(Math.abs(Math.log2((bandwidth * Math.sqrt(dim)) / Math.hypot(1, h)))).toBeLessThan(1 / 32 + 1e-9);
    },
  );

  test("is far below the log-likelihood in 50 dimensions: its known flaw", () => {
    const dim = 50;
    const part = (count: number, key: number) => normals(count * dim, key);
    const { logLikelihoods } = parzenWindow(part(1000, 0), part(200, 1), { dim, validation: part(200, 2) });
    const mean = logLikelihoods.reduce((a, b) => a + b) / 200;
    expect(mean).toBeLessThan(-0.5 * dim * Math.log(2 * Math.PI * Math.E) - 5);
  });

  test("refuses values that are not finite", () => {
    expect(() =>
      parzenLogLikelihoods(Float64Array.of(NaN, 1), Float64Array.of(1), { dim: 1, bandwidths: [1] }),
    ).toThrow("parzen: a feature is not finite");
  });
});
