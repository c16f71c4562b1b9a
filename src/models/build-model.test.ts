import { describe, expect, test } from "vitest";
import { dataSpec } from "../data/spec.ts";
import { ConfigError, ShapeError } from "../errors.ts";
import { buildModel } from "./build-model.ts";

const built = (made: () => unknown) => buildModel({ build: made as never }, {}, dataSpec([2]), "own");

test("what has objectives is a model", () => {
  const model = { objectives: () => [] };
  expect(built(() => model)).toBe(model);
});

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["vae", "a string"],
  [{}, "an object"],
  [{ objectives: [] }, "an object"],
  [Object.assign(() => 1, { objectives: () => [] }), "a function"],
])("%s is none", (made, kind) => {
  expect(() => built(() => made)).toThrow(
    new ConfigError(`own: build returns no model, got ${kind}, expected an object with objectives`),
  );
});

describe("what build throws", () => {
  const thrownBy = (error: unknown): unknown => {
    try {
      return built(() => {
        throw error;
      });
    } catch (found) {
      return found;
    }
  };

  test("names the model and the part", () => {
    const cause = new TypeError("x is undefined\nand more");
    const found = thrownBy(cause);
    expect(found).toEqual(new ConfigError("own: build throws, got x is undefined, expected a model"));
    expect((found as Error).cause).toBe(cause);
    expect(thrownBy(new ShapeError("matmul: no"))).toEqual(new ShapeError("own: build: matmul: no"));
  });

  test("stays as it is where the model itself refuses", () => {
    const refusal = new ConfigError("latentDim: too large");
    expect(thrownBy(refusal)).toBe(refusal);
  });
});
