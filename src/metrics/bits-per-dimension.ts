/**
 * Bits per dimension of quantized values, from the negative log-likelihood in nats per example of a continuous density. With levels `width`
 * apart in the density's units and `size` values per example,
 *
 *   (nll / size - log(width)) / log 2
 *
 * This adds 8 bits for levels scaled to v / 256, and log2(255) for v / 255. `nll` must be of dequantized values, v plus uniform noise over
 * its cell: then this is an upper bound on the discrete value (Theis et al. 2016, arXiv:1511.01844, section 3.1), while on the quantized
 * values themselves a density can be arbitrarily high. For a likelihood that is itself discrete, `width` is 1.
 *
 * @example
 * bitsPerDimension(784 * Math.LN2, { size: 784, width: 1 }); // 1
 */
export const bitsPerDimension = (
  nll: number,
  { size, width }: { readonly size: number; readonly width: number },
): number => (nll / size - Math.log(width)) / Math.LN2;
