import { Noise, type Tensor } from "../src/graph/tensor.ts";
import { topologicalOrder } from "../src/graph/traverse.ts";
import { type Value, value } from "../src/graph/value.ts";
import { fillNormal, fillUniform, streamKey } from "../src/random/index.ts";

/** Samples for every noise leaf the roots depend on, as the runtime would make them. */
export function noiseValues(roots: readonly Tensor[], seed: number): Map<Tensor, Value> {
  const leaves = topologicalOrder(roots).filter((t) => t instanceof Noise);
  return new Map(
    leaves.map((leaf, i) => {
      const samples = new Float32Array(leaf.size);
      const fill = leaf.distribution === "normal" ? fillNormal : fillUniform;
      fill(samples, streamKey(seed, "noise", i));
      return [leaf, value("float32", leaf.shape, samples)];
    }),
  );
}
