/**
 * Bits per dimension of values in levels, from the nats per example of a density over real numbers: with levels `width` apart in the
 * density's units, -log2 of what it gives a cell of one level, averaged over the `size` values of an example,
 *
 *   (nll / size - log(width)) / log 2
 *
 * so 8 bits are added for levels scaled to v / 256, log2(255) for v / 255. `nll` has to be of dequantized values, v plus uniform noise
 * over its cell: then this is an upper bound of the discrete figure (Theis et al. 2016, arXiv:1511.01844, section 3.1), while of the values as
 * they are a density can be as high as it likes. A probability of levels has a width of 1.
 */
export const bitsPerDimension = (
  nll: number,
  { size, width }: { readonly size: number; readonly width: number },
): number => (nll / size - Math.log(width)) / Math.LN2;
