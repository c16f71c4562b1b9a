/** The mean squared difference of the values of two arrays of one length. */
export const meanSquaredError = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length;

/** Peak signal-to-noise ratio in dB, 10 log10(1 / mse), of values whose range is 1; infinite for equal ones. */
export const psnr = (x: Float32Array, clean: Float32Array): number => -10 * Math.log10(meanSquaredError(x, clean));
