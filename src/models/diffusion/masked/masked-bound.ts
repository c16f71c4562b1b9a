import { Categorical } from "../../../distributions/categorical.ts";
import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import { minimum } from "../../../ops/arithmetic.ts";
import { cast, less, where } from "../../../ops/comparison.ts";
import { floor } from "../../../ops/elementwise.ts";
import { reshape } from "../../../ops/movement.ts";
import { sum } from "../../../ops/reduction.ts";
import { argsort } from "../../../ops/sorting.ts";

/** Logits [rows, length, symbols] of tokens, int64 [rows, length], where `extra` is a masked one. */
export interface MaskedPrediction {
  readonly extra: number;
  readonly predict: (tokens: Tensor) => Tensor;
}

/** Places of the values of each row in ascending order, from 0: int64, of the shape of t. */
export const ranks = (t: Tensor): Tensor => argsort(argsort(t));

/**
 * An unbiased estimate, [batch] in nats, of the bound of absorbing-state diffusion in continuous time: with masks at rate t, and alpha_t = 1 - t,
 *
 *   -log p(x)  <=  E_t (1 / t) sum_{i masked} -log p(x_i | x_t)                  (Sahoo et al. 2024, arXiv:2406.07524; Shi et al. 2024, arXiv:2406.04329)
 *              =   E_m (n / m) sum_{i in M} -log p(x_i | x outside M)             (Hoogeboom et al. 2022, arXiv:2110.02037)
 *
 * with m uniform among 1, ..., n and M any m of the n positions alike: the number masked given t is summed out, so that the second varies less.
 * It is the mean of log p(x) over all orders of a model of any order. The m of a batch are spread evenly (Kingma et al. 2021, arXiv:2107.00630).
 */
export function maskedBound(symbols: Tensor, { extra, predict }: MaskedPrediction): Tensor {
  const [batch, n] = symbols.shape as [number, number];
  const even = constant(
    Array.from({ length: batch }, (_, i) => i / batch),
    [batch, 1],
  );
  const shifted = even.add(noise.uniform([1]));
  const u = shifted.sub(floor(shifted));
  const m = minimum(floor(u.mul(n)).add(1), n);
  const masked = less(cast(ranks(noise.uniform([batch, n])), "float32"), m);
  const tokens = where(masked, constant(extra, [], "int64"), symbols);
  const nll = new Categorical(predict(tokens)).logProb(symbols).neg();
  return sum(where(masked, nll, 0), 1)
    .mul(n)
    .div(reshape(m, [batch]));
}
