import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { Normal } from "../distributions/normal.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { Input } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import { takeMean, takeSamples } from "./latent.ts";

describe("samples", () => {
  const mean = new Input("mean", [3]);
  const [q, other] = [new Normal(mean, 1), new Normal(mean, 1)];

  test("are the same of a distribution however often it is asked for, and others of another", () => {
    const take = takeSamples();
    const z = take(q);
    expect(z.shape).toEqual([3]);
    expect(take(q)).toBe(z);
    expect(take(other)).not.toBe(z);
    expect(takeSamples()(q)).not.toBe(z);
  });

  // d (mean + std noise) / d mean = 1.
  test.each([
    [true, 1],
    [false, 0],
  ])("pass derivatives where they are to: %s", (differentiable, expected) => {
    const z = takeSamples(differentiable)(q);
    const at = new Map([[mean, value("float32", [3], [1, 2, 3])], ...noiseValues([z], 1)]);
    const [slope] = evaluate(grad(z.sum(), [mean]), at);
    expect([...slope!.data]).toEqual([expected, expected, expected]);
    expect(takeMean(q)).toBe(mean);
  });
});
