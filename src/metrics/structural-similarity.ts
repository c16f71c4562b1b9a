import { ConfigError } from "../errors.ts";

/** Size of an image [channels, height, width]. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Side of the Gaussian window (std 1.5), and so the smallest side of an image. */
export const leastSide = 11;
const weights = Float64Array.from({ length: leastSide }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
const total = weights.reduce((a, b) => a + b);
const window1d = weights.map((w) => w / total);
/** (0.01 L)^2 and (0.03 L)^2 for values of dynamic range L = 1. */
const [C1, C2] = [0.01 ** 2, 0.03 ** 2];
/** Exponents of the five scales, finest first (Wang et al. 2003, section 3.2). */
const scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/** The smallest side for which the coarsest scale still holds a window. */
export const leastSideMultiScale = leastSide * 2 ** (scaleWeights.length - 1);

/**
 * Structural similarity (SSIM) of images with values in [0, 1]; 1 for equal images (Wang et al. 2004, doi:10.1109/TIP.2003.819861, eq. 13):
 *
 *   (2 m_x m_y + C_1) (2 s_xy + C_2) / ((m_x^2 + m_y^2 + C_1) (s_x^2 + s_y^2 + C_2))
 *
 * with means, variances and covariance in an 11 x 11 Gaussian window of std 1.5, averaged over all windows inside the image and over
 * channels. x and y: [count, channels, height, width]; returns [count]. Throws ConfigError for sides below 11, or where x and y differ in size.
 */
export function structuralSimilarity(x: Float32Array, y: Float32Array, size: ImageSize): Float64Array {
  checkSide("ssim", size, leastSide);
  return eachImage(x, y, size, (a, b, sides) => similarityOf(a, b, sides).similarity);
}

/**
 * Multi-scale structural similarity, MS-SSIM (Wang, Simoncelli & Bovik 2003, doi:10.1109/ACSSC.2003.1292216, eq. 7): a weighted geometric mean
 * over five scales, each an average pooling of the last, of contrast and structure, with luminance at the coarsest; a negative factor counts
 * as 0. x and y: [count, channels, height, width] in [0, 1]; returns [count]. Throws ConfigError for sides below 176: the published exponents
 * are for five scales.
 */
export function multiScaleSimilarity(x: Float32Array, y: Float32Array, size: ImageSize): Float64Array {
  checkSide("ms-ssim", size, leastSideMultiScale);
  return eachImage(x, y, size, (a, b, sides) => {
    let product = 1;
    let [first, second, { height, width }] = [a, b, sides];
    scaleWeights.forEach((weight, scale) => {
      const { similarity, contrastStructure } = similarityOf(first, second, { height, width });
      const last = scale === scaleWeights.length - 1;
      product *= Math.max(0, last ? similarity : contrastStructure) ** weight;
      if (last) return;
      [first, second] = [halved(first, height, width), halved(second, height, width)];
      [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    });
    return product;
  });
}

interface Sides {
  readonly height: number;
  readonly width: number;
}

function checkSide(where: string, { height, width }: ImageSize, least: number): void {
  if (Math.min(height, width) < least)
    throw new ConfigError(
      `${where}: images are too small, got ${height} x ${width}, expected at least ${least} x ${least}`,
    );
}

/** The mean over channels of a metric of each pair of images. */
function eachImage(
  x: Float32Array,
  y: Float32Array,
  { channels, height, width }: ImageSize,
  metric: (a: Float64Array, b: Float64Array, sides: Sides) => number,
): Float64Array {
  const plane = height * width;
  if (x.length !== y.length || x.length % (channels * plane) !== 0)
    throw new ConfigError(
      `ssim: images differ in number or size, got ${x.length} and ${y.length} values, expected as many, a multiple of ${channels} x ${height} x ${width}`,
    );
  const values = new Float64Array(x.length / (channels * plane));
  for (let at = 0, channel = 0; at < x.length; at += plane, channel++) {
    const [a, b] = [x, y].map((all) => Float64Array.from(all.subarray(at, at + plane))) as [Float64Array, Float64Array];
    values[Math.floor(channel / channels)]! += metric(a, b, { height, width }) / channels;
  }
  return values;
}

/** Mean over windows of the similarity and of its contrast-structure factor. */
function similarityOf(x: Float64Array, y: Float64Array, sides: Sides) {
  const [meanX, meanY, squareX, squareY, both] = [
    x,
    y,
    x.map((v) => v * v),
    y.map((v) => v * v),
    x.map((v, i) => v * y[i]!),
  ].map((image) => windowMeans(image, sides)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let [similarity, contrastStructure] = [0, 0];
  for (let i = 0; i < meanX.length; i++) {
    const [a, b] = [meanX[i]!, meanY[i]!];
    const second = (2 * (both[i]! - a * b) + C2) / (squareX[i]! - a * a + (squareY[i]! - b * b) + C2);
    contrastStructure += second;
    similarity += ((2 * a * b + C1) / (a * a + b * b + C1)) * second;
  }
  return { similarity: similarity / meanX.length, contrastStructure: contrastStructure / meanX.length };
}

/** The Gaussian-weighted mean of every window inside the image: rows first, then columns. */
function windowMeans(image: Float64Array, { height, width }: Sides): Float64Array {
  const [outHeight, outWidth] = [height - leastSide + 1, width - leastSide + 1];
  const rows = new Float64Array(height * outWidth);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < outWidth; j++) {
      let sum = 0;
      for (let k = 0; k < leastSide; k++) sum += window1d[k]! * image[i * width + j + k]!;
      rows[i * outWidth + j] = sum;
    }
  const out = new Float64Array(outHeight * outWidth);
  for (let i = 0; i < outHeight; i++)
    for (let k = 0; k < leastSide; k++) {
      const weight = window1d[k]!;
      for (let j = 0; j < outWidth; j++) out[i * outWidth + j]! += weight * rows[(i + k) * outWidth + j]!;
    }
  return out;
}

/** 2 x 2 average pooling; an odd last row or column is dropped. */
function halved(image: Float64Array, height: number, width: number): Float64Array {
  const [outHeight, outWidth] = [Math.floor(height / 2), Math.floor(width / 2)];
  return Float64Array.from({ length: outHeight * outWidth }, (_, i) => {
    const at = 2 * Math.floor(i / outWidth) * width + 2 * (i % outWidth);
    return (image[at]! + image[at + 1]! + image[at + width]! + image[at + width + 1]!) / 4;
  });
}
