import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { fitDensity, parseDensity } from "./density.ts";

test.each([
  ["gaussian", { covariance: "diagonal", components: 1 }],
  ["full-gaussian", { covariance: "full", components: 1 }],
  ["gmm:10", { covariance: "full", components: 10 }],
  ["gmm:auto", { covariance: "full", components: "auto" }],
  ["diagonal-gmm:3", { covariance: "diagonal", components: 3 }],
])("%s", (name, form) => {
  expect(parseDensity(name)).toEqual(form);
});

test.each(["", "gmm", "gmm:0", "gmm:1.5", "gmm:1000", "diagonal-gaussian", "GMM:3", "gmm:3 "])("refuses %j", (name) => {
  expect(() => parseDensity(name)).toThrow(ConfigError);
});

describe("the number of components with the lowest BIC", () => {
  /** Codes in clusters 8 standard deviations apart. */
  function clusters(count: number, size: number): Float32Array {
    const random = stream(7, "clusters", count);
    const codes = new Float32Array(count * size * 2);
    for (let n = 0; n < count * size; n++) {
      const angle = (2 * Math.PI * (n % count)) / count;
      const radius = 4 / Math.sin(Math.PI / Math.max(2, count));
      codes[2 * n] = radius * Math.cos(angle) + random.normal();
      codes[2 * n + 1] = radius * Math.sin(angle) + 0.3 * random.normal();
    }
    return codes;
  }

  test.each([1, 3, 5, 8])("is that of %i separated clusters", (count) => {
    for (const covariance of ["full", "diagonal"] as const) {
      const { mixture } = fitDensity(clusters(count, 200), { form: { covariance, components: "auto" }, dim: 2 });
      expect(mixture.components).toBe(count);
    }
  });

  test("is chosen on a part of many codes, and fitted to all of them", () => {
    const codes = clusters(3, 5000);
    const { mixture } = fitDensity(codes, { form: { covariance: "full", components: "auto" }, dim: 2 });
    expect(mixture.components).toBe(3);
    mixture.weights.forEach((weight) => expect(weight).toBeCloseTo(1 / 3, 4));
  });
});

test("the same codes and seed give the same density", () => {
  const random = stream(1, "codes");
  const codes = Float32Array.from({ length: 600 }, () => random.normal());
  const form = { covariance: "full", components: 4 } as const;
  const fit = (seed: number) => fitDensity(codes, { form, dim: 3, seed }).mixture.means;
  expect(fit(0)).toEqual(fit(0));
  expect(fit(1)).not.toEqual(fit(0));
});
