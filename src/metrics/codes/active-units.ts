/** A unit whose activity is above this is active (arXiv:1509.00519). */
export const activeThreshold = 0.01;

/**
 * The activity of each latent dimension, A_u = Var_x(E_q(u|x)[u]) (Burda et al. 2015, arXiv:1509.00519): how much
 * the mean code varies over examples. `means` are those of q(z|x), [examples, latentDim].
 */
export function activity(means: ArrayLike<number>, latentDim: number): Float64Array {
  const examples = means.length / latentDim;
  return Float64Array.from({ length: latentDim }, (_, u) => {
    let mean = 0;
    let squares = 0;
    // Welford's update: no difference of large sums.
    for (let i = 0; i < examples; i++) {
      const v = means[i * latentDim + u]!;
      const before = v - mean;
      mean += before / (i + 1);
      squares += before * (v - mean);
    }
    return squares / examples;
  });
}

/** How many latent dimensions are active. */
export const activeUnits = (activities: Iterable<number>): number =>
  [...activities].filter((a) => a > activeThreshold).length;
