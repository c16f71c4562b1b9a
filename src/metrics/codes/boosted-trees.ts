/** Result of fitting a boosted classifier. */
export interface BoostedTrees {
  /** Accuracy on the held-out rows. */
  readonly accuracy: number;
  /** Log-odds of each class, up to a constant, of the held-out rows: [classes][rows]. */
  readonly scores: readonly Float64Array[];
  /** Total reduction of squared error by the splits on each feature, over all trees: [features]. */
  readonly importance: Float64Array;
}

/** Settings of boosted trees. */
export interface BoostOptions {
  readonly rounds?: number;
  /** Of a leaf's Newton step. */
  readonly rate?: number;
  /** Levels of a tree. */
  readonly depth?: number;
  /** Bins per feature: bin indices are below it. */
  readonly bins?: number;
  /** Training rows on either side of a split, at least. */
  readonly leastRows?: number;
}

/** Bins per feature where no other number is given. */
export const usualBins = 64;

/**
 * Gradient-boosted trees for classification (Friedman 2001, "Greedy function approximation", algorithm 6): each round fits, for each class, a
 * tree of `depth` levels to the residuals of the class probability; its leaves take a Newton step times the learning rate `rate`. Splits are on
 * binned features and minimize the squared error. The residuals of two classes are each other's negative, so that one tree serves both.
 *
 * features: one array of bin indices (below `bins`) per feature. The first `training` rows are the training set, the others held out.
 */
export function boostTrees(
  features: readonly Uint8Array[],
  classes: Uint32Array,
  training: number,
  { rounds = 100, rate = 0.1, depth = 3, bins = usualBins, leastRows = 1 }: BoostOptions = {},
): BoostedTrees {
  const count = classes.length;
  const classCount = classes.reduce((most, k) => Math.max(most, k), 0) + 1;
  const importance = new Float64Array(features.length);
  // Log-odds of each class, [classes][count], initialized to the class frequencies.
  const scores = Array.from({ length: classCount }, (_, k) => {
    const frequency = classes.subarray(0, training).reduce((n, each) => n + Number(each === k), 0) / training;
    return new Float64Array(count).fill(Math.log(Math.max(frequency, 1e-9)));
  });
  const total = new Float64Array(count);
  const residual = new Float64Array(training);
  const grower = new TreeGrower(features, training, { depth, bins, leastRows });
  const trees = classCount === 2 ? 1 : classCount;
  for (let round = 0; round < rounds; round++) {
    total.fill(0);
    for (const of of scores) for (let i = 0; i < count; i++) total[i]! += Math.exp(of[i]!);
    for (let k = 0; k < trees; k++) {
      const of = scores[k]!;
      for (let i = 0; i < training; i++) residual[i] = Number(classes[i] === k) - Math.exp(of[i]!) / total[i]!;
      const leaves = grower.grow(residual, importance);
      const steps = newtonSteps(residual, leaves, grower.leafCount, classCount);
      for (let i = 0; i < count; i++) of[i]! += rate * steps[leaves[i]!]!;
      if (trees < classCount) for (let i = 0; i < count; i++) scores[1]![i]! -= rate * steps[leaves[i]!]!;
    }
  }
  let correct = 0;
  for (let i = training; i < count; i++) {
    let best = 0;
    for (let k = 1; k < classCount; k++) if (scores[k]![i]! > scores[best]![i]!) best = k;
    if (best === classes[i]) correct += 1;
  }
  return {
    accuracy: correct / (count - training),
    scores: scores.map((of) => of.subarray(training)),
    importance,
  };
}

/** Newton step of each leaf with residuals r: (K - 1) / K sum r / sum |r| (1 - |r|). */
function newtonSteps(residual: Float64Array, leaves: Uint8Array, leafCount: number, classCount: number): Float64Array {
  const [sums, curvatures] = [new Float64Array(leafCount), new Float64Array(leafCount)];
  residual.forEach((r, i) => {
    sums[leaves[i]!]! += r;
    curvatures[leaves[i]!]! += Math.abs(r) * (1 - Math.abs(r));
  });
  return sums.map((sum, leaf) =>
    curvatures[leaf]! < 1e-12 ? 0 : (((classCount - 1) / classCount) * sum) / curvatures[leaf]!,
  );
}

/** Grows regression trees on binned features, level by level. */
class TreeGrower {
  readonly leafCount: number;
  readonly #features: readonly Uint8Array[];
  readonly #training: number;
  readonly #depth: number;
  readonly #bins: number;
  readonly #leastRows: number;
  /** The node of each row at the current level. */
  readonly #nodes: Uint8Array;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(
    features: readonly Uint8Array[],
    training: number,
    { depth, bins, leastRows }: Required<Pick<BoostOptions, "depth" | "bins" | "leastRows">>,
  ) {
    this.#features = features;
    this.#training = training;
    this.#depth = depth;
    this.#bins = bins;
    this.#leastRows = leastRows;
    this.leafCount = 2 ** depth;
    this.#nodes = new Uint8Array(features[0]!.length);
    this.#sums = new Float64Array((this.leafCount / 2) * bins);
    this.#counts = new Float64Array((this.leafCount / 2) * bins);
  }

  /** Fits a tree to the target of the training rows; returns the leaf of every row and adds each split's gain to `importance`. */
  grow(target: Float64Array, importance: Float64Array): Uint8Array {
    const nodes = this.#nodes.fill(0);
    const sumOfSquares = target.reduce((sum, t) => sum + t * t, 0);
    for (let level = 0; level < this.#depth; level++) {
      const width = 2 ** level;
      // A gain within rounding error of a node with constant targets does not count.
      const gains = new Float64Array(width).fill(1e-9 * sumOfSquares);
      const splitOn = new Int32Array(width).fill(-1);
      const splitAt = new Uint8Array(width);
      this.#features.forEach((_, f) => this.#bestSplits(f, target, width, { gains, splitOn, splitAt }));
      splitOn.forEach((f, node) => {
        if (f >= 0) importance[f]! += gains[node]!;
      });
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!;
        const f = splitOn[node]!;
        nodes[i] = 2 * node + Number(f >= 0 && this.#features[f]![i]! > splitAt[node]!);
      }
    }
    return nodes;
  }

  #bestSplits(
    f: number,
    target: Float64Array,
    width: number,
    best: { readonly gains: Float64Array; readonly splitOn: Int32Array; readonly splitAt: Uint8Array },
  ): void {
    const [binOf, nodes] = [this.#features[f]!, this.#nodes];
    const [bins, leastRows] = [this.#bins, this.#leastRows];
    const sums = this.#sums.fill(0, 0, width * bins);
    const counts = this.#counts.fill(0, 0, width * bins);
    for (let i = 0; i < this.#training; i++) {
      const at = nodes[i]! * bins + binOf[i]!;
      sums[at]! += target[i]!;
      counts[at]! += 1;
    }
    for (let node = 0; node < width; node++) {
      const first = node * bins;
      let [sum, count] = [0, 0];
      for (let b = first; b < first + bins; b++) {
        sum += sums[b]!;
        count += counts[b]!;
      }
      let [left, leftCount] = [0, 0];
      for (let b = 0; b < bins - 1; b++) {
        left += sums[first + b]!;
        leftCount += counts[first + b]!;
        const rightCount = count - leftCount;
        if (leftCount < leastRows || rightCount < leastRows) continue;
        const apart = left / leftCount - (sum - left) / rightCount;
        const gain = ((leftCount * rightCount) / count) * apart * apart;
        if (gain > best.gains[node]!) {
          best.gains[node] = gain;
          best.splitOn[node] = f;
          best.splitAt[node] = b;
        }
      }
    }
  }
}
