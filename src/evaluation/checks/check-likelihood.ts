import type { Binarization } from "../../data/binarize.ts";
import type { Split } from "../../data/split.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { sizeOf } from "../../graph/shape.ts";
import { Input, Noise, type Tensor, Variable } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import { codesOf, takeMean } from "../../models/latent.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { batchInputs } from "../../training/batch-inputs.ts";
import type { LikelihoodEstimate } from "../likelihood/likelihood.ts";
import { conditionFields, mapSplit, ownContext, SplitProgram } from "../map-split.ts";
import type { Check } from "../metrics/metric.ts";
import type { ModelOnDevice } from "../model-on-device.ts";

interface Data {
  readonly split: Split;
  readonly binarize: Binarization;
  readonly seed: number;
}

/** Whether more samples of z would lower the nll by less than its standard error; undefined for a single sample. */
export function converged({
  curve,
  standardError,
}: Pick<LikelihoodEstimate, "curve" | "standardError">): Check | undefined {
  const [before, last] = curve.slice(-2);
  if (!before || !last) return undefined;
  // The bias of L_k falls as 1/k (Rainforth et al. 2018, arXiv:1802.04537, theorem 1).
  const rest = ((before.nll - last.nll) * before.samples) / (last.samples - before.samples);
  const values = curve.map(({ samples, nll }) => `${samples}: ${nll.toFixed(2)}`).join(", ");
  return {
    name: "the nll has converged in the number of samples",
    holds: rest <= standardError,
    detail: `by samples ${values}; about ${Math.max(0, rest).toFixed(3)} above its limit, standard error ${standardError.toFixed(3)}`,
  };
}

/** Whether the bound of one sample, from importance weights, is the ELBO, whose rate is in closed form where it has one. */
export async function sameElbo(
  trained: ModelOnDevice,
  { negElbos }: Pick<LikelihoodEstimate, "negElbos">,
  data: Data,
): Promise<Check | undefined> {
  const { model } = trained;
  if (!model.elbo) return undefined;
  const { elbo } = await mapSplit(trained, { ...data, key: "check the elbo" }, (x, context) => ({
    elbo: model.elbo!(x, context).elbo,
  }));
  const differences = negElbos.map((bound, i) => bound + elbo[i]!);
  const { mean, standardError } = meanOf(differences);
  const own = meanOf(negElbos).mean;
  return {
    name: "the bound of one sample is the ELBO",
    // Where there is no noise in either, rounding is left.
    holds: Math.abs(mean) <= 4 * standardError + 1e-4 * Math.abs(own),
    detail: `${own.toFixed(3)} by importance weights, ${(own - mean).toFixed(3)} by distortion and rate, standard error ${standardError.toFixed(3)}`,
  };
}

/** Examples, and the most weights and values of an example, for which float64 loops take about a second. */
const checked = 2;
const mostWeights = 4e6;
const mostValues = 3 * 64 * 64;
/** Relative: float32 sums of thousands of terms keep five digits or more. */
const tolerance = 1e-4;

/**
 * Whether log p(x), or log p(x|z) at the mean code, is on the device what float64 arithmetic makes of the same weights. Undefined for a
 * model that is too large for it, or whose likelihood is a sample.
 */
export async function sameInFloat64(trained: ModelOnDevice, { split, binarize }: Data): Promise<Check | undefined> {
  const { model, store, emaWeights } = trained;
  const weights = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
  if (weights > mostWeights || sizeOf(split.dataset.shape) > mostValues) return undefined;
  // What a flow of levels decodes to is a point.
  if (!model.logProb && (model.dequantization !== undefined || !(model.encode && model.decode))) return undefined;
  const logLikelihood = (x: Tensor, context: Context): Tensor => {
    if (model.logProb) return model.logProb(x, context);
    return model.decode!(codesOf(model.encode!(x, context, takeMean), takeMean), context).logProb(x);
  };
  const some = { ...split, indices: split.indices.subarray(0, checked) };
  const fields = conditionFields(trained, some);
  const size = some.indices.length;
  const examples = new Input("x", [size, ...split.dataset.shape]);
  const root = logLikelihood(examples, ownContext(trained, fields, examples));
  const leaves = topologicalOrder([root]).filter(
    (t) => t instanceof Input || t instanceof Variable || t instanceof Noise,
  );
  if (leaves.some((t) => t instanceof Noise)) return undefined;
  const over = new SplitProgram(trained, { split: some, binarize, key: "check in float64" }, (x, given) => ({
    found: logLikelihood(x, given),
  }));
  const differences: number[] = [];
  for await (const { arrays, compute } of over.run()) {
    const { found } = await compute();
    const inputs = batchInputs(arrays);
    const values = new Map<Tensor, Value>();
    for (const leaf of leaves) {
      const given =
        leaf instanceof Variable ? await store.read(emaWeights.get(leaf) ?? leaf) : inputs[(leaf as Input).name]!;
      values.set(leaf, value(leaf.dtype, leaf.shape, Float64Array.from(given as ArrayLike<number | bigint>, Number)));
    }
    const [{ data }] = evaluate([root], values) as [Value];
    data.forEach((exact, i) => differences.push(Math.abs(Number(found![i]) - exact) / (1 + Math.abs(exact))));
  }
  const most = Math.max(...differences);
  return {
    name: `${model.logProb ? "log p(x)" : "log p(x|z)"} is that of float64 arithmetic`,
    holds: most <= tolerance,
    detail: `relative difference of at most ${most.toExponential(1)} in ${differences.length} examples, expected ${tolerance}`,
  };
}

function meanOf(values: ArrayLike<number>): { readonly mean: number; readonly standardError: number } {
  const each = Array.from(values);
  const mean = each.reduce((sum, v) => sum + v, 0) / each.length;
  const squares = each.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / each.length / Math.max(1, each.length - 1)) };
}
