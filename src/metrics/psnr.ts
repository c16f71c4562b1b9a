/** Mean squared error of two arrays of equal length, in squared units of their values. */
export const meanSquaredError = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length;

/**
 * Peak signal-to-noise ratio in dB, 10 log10(1 / mse), of values with peak 1; infinite for equal arrays.
 *
 * @example
 * psnr(Float32Array.of(0.1, 0.1), Float32Array.of(0, 0)).toFixed(1); // "20.0"
 */
export const psnr = (x: Float32Array, clean: Float32Array): number => -10 * Math.log10(meanSquaredError(x, clean));
