/**
 * Multinomial logistic regression with an L2 penalty of 1 / (2 count) |w|^2 on standardized features; returns the classifier
 * x -> argmax_k (w_k x + b_k). Fitted by accelerated gradient descent (Nesterov 1983) in float64 with step size 1 / L, where L bounds the
 * curvature of the loss: half of the mean squared norm of features and bias, plus the penalty's 1 / count.
 */
export function fitLinearClassifier(
  /** [count, dim]. */
  features: Float64Array,
  dim: number,
  classes: Uint32Array,
  { steps = 500 } = {},
): (row: ArrayLike<number>) => number {
  const count = features.length / dim;
  const classCount = classes.reduce((most, k) => Math.max(most, k), 0) + 1;
  const { center, scale } = standardization(features, dim);
  const x = features.map((v, i) => (v - center[i % dim]!) / scale[i % dim]!);
  const width = dim + 1;
  const rate = 1 / (0.5 * (dim + 1) + 1 / count);
  let weights = new Float64Array(classCount * width);
  let ahead = weights.slice();
  const logits = new Float64Array(classCount);
  for (let step = 1; step <= steps; step++) {
    const gradient = ahead.map((w, i) => (i % width === dim ? 0 : w));
    for (let i = 0; i < count; i++) {
      let total = 0;
      for (let k = 0; k < classCount; k++) total += logits[k] = Math.exp(score(ahead, k, x, i * dim, dim));
      for (let k = 0; k < classCount; k++) {
        const error = logits[k]! / total - Number(classes[i] === k);
        for (let j = 0; j < dim; j++) gradient[k * width + j]! += error * x[i * dim + j]!;
        gradient[k * width + dim]! += error;
      }
    }
    const next = ahead.map((w, i) => w - (rate * gradient[i]!) / count);
    ahead = next.map((w, i) => w + ((step - 1) / (step + 2)) * (w - weights[i]!));
    weights = next;
  }
  return (row) => {
    const standard = center.map((c, j) => (row[j]! - c) / scale[j]!);
    let [best, highest] = [0, -Infinity];
    for (let k = 0; k < classCount; k++) {
      const found = score(weights, k, standard, 0, dim);
      if (found > highest) [best, highest] = [k, found];
    }
    return best;
  };
}

function score(weights: Float64Array, k: number, x: Float64Array, at: number, dim: number): number {
  let sum = weights[k * (dim + 1) + dim]!;
  for (let j = 0; j < dim; j++) sum += weights[k * (dim + 1) + j]! * x[at + j]!;
  return sum;
}

/** Mean and standard deviation of each feature, [dim] each; the scale of a constant feature is 1. */
function standardization(features: Float64Array, dim: number): { center: Float64Array; scale: Float64Array } {
  const count = features.length / dim;
  const [center, squares] = [new Float64Array(dim), new Float64Array(dim)];
  features.forEach((v, i) => (center[i % dim]! += v / count));
  features.forEach((v, i) => (squares[i % dim]! += (v - center[i % dim]!) ** 2 / count));
  return { center, scale: squares.map((v) => (v > 0 ? Math.sqrt(v) : 1)) };
}
