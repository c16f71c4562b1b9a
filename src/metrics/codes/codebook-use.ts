/** How much of a codebook its symbols are. */
export interface CodebookUse {
  /** The entropy of a symbol, in bits, whatever its place: what a prior that knows frequencies alone pays for it. */
  readonly bits: number;
  /** 2 to the entropy: how many symbols used alike would be as varied. */
  readonly perplexity: number;
  /** Fraction of the symbols that occur. */
  readonly usage: number;
}

/**
 * Of the number of times that each symbol occurs.
 *
 * @example
 * codebookUse([5, 5, 0, 0]); // { bits: 1, perplexity: 2, usage: 0.5 }
 */
export function codebookUse(counts: ArrayLike<number>): CodebookUse {
  const all = Array.from(counts);
  const total = all.reduce((sum, n) => sum + n, 0);
  const bits = all.reduce((sum, n) => (n === 0 ? sum : sum - (n / total) * Math.log2(n / total)), 0);
  return { bits, perplexity: 2 ** bits, usage: all.filter((n) => n > 0).length / all.length };
}
