/** Activity above which a latent dimension is active (arXiv:1509.00519, section 5). */
export const activeThreshold = 0.01;

/**
 * Activity of each latent dimension, A_u = Var_x(E_q(u|x)[u]) (Burda et al. 2015, arXiv:1509.00519, section 5): the variance over examples
 * of the posterior mean, [latentDim]. `means` are the means of q(z|x), [examples, latentDim].
 *
 * @example
 * const activities = activity(Float32Array.of(-1, 0, 1, 0), 2);
 * activities; // [1, 0]
 * activeUnits(activities); // 1
 */
export function activity(means: ArrayLike<number>, latentDim: number): Float64Array {
  const examples = means.length / latentDim;
  return Float64Array.from({ length: latentDim }, (_, u) => {
    let mean = 0;
    let squares = 0;
    // Welford's update avoids the difference of large sums.
    for (let i = 0; i < examples; i++) {
      const v = means[i * latentDim + u]!;
      const before = v - mean;
      mean += before / (i + 1);
      squares += before * (v - mean);
    }
    return squares / examples;
  });
}

/** Number of active latent dimensions. */
export const activeUnits = (activities: Iterable<number>): number =>
  [...activities].filter((a) => a > activeThreshold).length;
