import { noise, type Tensor, Variable } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { maximum } from "../../../ops/arithmetic.ts";
import { cast, equal, less, or, where } from "../../../ops/comparison.ts";
import { floor, stopGradient } from "../../../ops/elementwise.ts";
import { gather } from "../../../ops/indexing.ts";
import { transpose } from "../../../ops/movement.ts";
import { sum } from "../../../ops/reduction.ts";
import { asColumn, asRow, nearest, squaredDistance } from "./columns.ts";
import { passGradient, type PassedGradient } from "./passed-gradient.ts";
import type { Quantized, Quantizer } from "./quantizer.ts";
import { type Counted, RunningCounts } from "./running-counts.ts";

export interface CodebookOptions {
  /** Entries. */
  readonly size: number;
  readonly dim: number;
  readonly gradient: PassedGradient;
  /** How the entries are learned. */
  readonly learned: "ema" | "gradient";
  /** Of the moving averages. */
  readonly decay: number;
  /** beta. */
  readonly commitment: number;
  /** Where the entries start: at vectors of the first batch, or at random. */
  readonly start: "k-means" | "normal";
  /** Fraction of equal use below which an entry is dead and moves to a vector of the batch; 0 for never. */
  readonly revive: number;
}

/**
 * Vector quantization (van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937, eq. 1 to 3):
 *
 *   k = argmin_j |z - e_j|,   loss = |sg[z] - e_k|^2 + beta |z - sg[e_k]|^2
 *
 * with the gradient of e_k passed to z. With the entries as moving averages of the vectors nearest to them (appendix A.1) the first term is left
 * out, for that is its online k-means:
 *
 *   N_j <- decay N_j + (1 - decay) n_j,   m_j <- decay m_j + (1 - decay) sum of those z,   e_j = m_j / N_j
 *
 * Started by k-means, entries are vectors of the first batch, and N starts at nothing, so that the first steps are Lloyd's iterations on one batch
 * each. An entry that is hardly used moves to a vector of the batch (arXiv:2005.00341, section 3.1).
 */
export class Codebook implements Quantizer {
  readonly dim: number;
  readonly size: number;
  readonly depth = 1;
  /** N. */
  readonly counts: RunningCounts;
  /** Where the entries are, [size, dim]; where they were put last, if a gradient moves them from there. */
  readonly origin: Variable;
  /** How far a gradient has moved them: an entry that is revived is put so that this still holds. */
  readonly moved?: Variable;
  readonly #options: CodebookOptions;

  constructor(options: CodebookOptions) {
    const { size, dim, learned, decay, start } = options;
    [this.size, this.dim, this.#options] = [size, dim, options];
    this.counts = new RunningCounts(size, { decay, initial: start === "normal" ? 1 / size : 0 });
    this.origin = new Variable([size, dim], { kind: "normal", mean: 0, std: 1 }, { trainable: false });
    if (learned === "gradient") this.moved = new Variable([size, dim], { kind: "constant", value: 0 });
  }

  /** e, [size, dim]. */
  get entries(): Tensor {
    return this.moved ? this.origin.add(this.moved) : this.origin;
  }

  quantize(z: Tensor, context: Context): Quantized {
    const fixed = stopGradient(z);
    const revived = context.training ? this.#revived(fixed) : undefined;
    const entries = revived?.entries ?? this.entries;
    const chosen = nearest(fixed, stopGradient(entries));
    const e = gather(entries, chosen, 0);
    const symbols = asColumn(chosen);
    const loss = this.#loss(z, e);
    if (!revived) return { vectors: e, symbols, loss };
    const counted = this.counts.follow(chosen, context, revived.frequencies);
    const origin = this.moved
      ? where(revived.dead, entries.sub(this.moved), this.origin)
      : this.#averaged(fixed, entries, counted);
    context.update(this.origin, stopGradient(origin));
    return { vectors: passGradient(this.#options.gradient, e, z), symbols, loss };
  }

  #loss(z: Tensor, e: Tensor): Tensor {
    const committed = squaredDistance(z, stopGradient(e)).mul(this.#options.commitment);
    return this.moved ? committed.add(squaredDistance(stopGradient(z), e)) : committed;
  }

  /** m_j / N_j with m_j = N_j e_j of the step before: an entry without vectors stays, and no second average is kept. */
  #averaged(z: Tensor, entries: Tensor, { assigned, batch, running }: Counted): Tensor {
    const sums = transpose(assigned).matmul(z).div(z.shape[0]!);
    const pull = sums.sub(asColumn(batch).mul(entries)).mul(1 - this.#options.decay);
    return entries.add(pull.div(asColumn(maximum(running, TINY))));
  }

  vectorsOf(symbols: Tensor): Tensor {
    return gather(this.entries, asRow(symbols), 0);
  }

  /** Entries and frequencies with every dead entry at a vector of the batch, and which they are, [size, 1]. */
  #revived(z: Tensor): { readonly dead: Tensor; readonly entries: Tensor; readonly frequencies: Tensor } {
    const { revive } = this.#options;
    const { size, counts, entries } = this;
    const { frequencies } = counts;
    const unstarted = equal(sum(frequencies), 0);
    const dead = or(less(frequencies, revive / size), unstarted);
    const place = cast(floor(noise.uniform([size]).mul(z.shape[0]!)), "int64");
    return {
      dead: asColumn(dead),
      entries: where(asColumn(dead), gather(z, place, 0), entries),
      frequencies: where(dead, (2 * Math.max(revive, LEAST)) / size, frequencies),
    };
  }
}

/** An entry that is put somewhere starts as used as twice this or `revive`: it has time to be used, and the next batches can still place it. */
const LEAST = 0.01;
/** Below any frequency of an entry that the batch has a vector of. */
const TINY = 1e-30;
