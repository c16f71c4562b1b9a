/** Streaming log-mean-exp: log of the mean of e^v over the values added, without overflow. */
export class LogMeanExp {
  #largest = -Infinity;
  /** Sum of e^(v - largest). */
  #sum = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }
  add(v: number): void {
    this.#count += 1;
    if (v > this.#largest) {
      this.#sum = this.#sum * Math.exp(this.#largest - v) + 1;
      this.#largest = v;
    } else if (v !== -Infinity) this.#sum += Math.exp(v - this.#largest);
  }
  /** -Infinity where every value is. */
  get value(): number {
    return this.#largest === -Infinity ? -Infinity : this.#largest + Math.log(this.#sum / this.#count);
  }
}

/** 1, 5, 50, 500, ... below the number of samples, then that number: each but the last divides its successor. */
export function boundSizes(samples: number): number[] {
  const sizes = [1];
  for (let size = 5; size < samples; size *= 10) sizes.push(size);
  return samples === 1 ? sizes : [...sizes, samples];
}

interface Level {
  readonly size: number;
  block: LogMeanExp;
  blocks: number;
  total: number;
}

/**
 * Importance-weighted bounds on the log-likelihood of one example, in nats (Burda et al. 2015, arXiv:1509.00519, eq. 8):
 *
 *   L_k = E[log 1/k sum_i w_i] <= log p(x),  log w_i = log p(x, z_i) - log q(z_i|x)
 *
 * for several k from the same weights in constant memory: L_k is the mean over consecutive blocks of k weights; an incomplete block is
 * dropped. Where k divides m and both divide the number of weights, L_k <= L_m for any weights (Jensen's inequality in each block).
 */
export class ImportanceBounds {
  readonly #levels: readonly Level[];

  constructor(sizes: readonly number[]) {
    this.#levels = sizes.map((size) => ({ size, block: new LogMeanExp(), blocks: 0, total: 0 }));
  }

  add(logWeight: number): void {
    for (const level of this.#levels) {
      level.block.add(logWeight);
      if (level.block.count < level.size) continue;
      level.total += level.block.value;
      level.blocks += 1;
      level.block = new LogMeanExp();
    }
  }

  /** L_k of each size in nats, in the order of the sizes; NaN where no block is complete. */
  get bounds(): number[] {
    return this.#levels.map(({ total, blocks }) => total / blocks);
  }
}
