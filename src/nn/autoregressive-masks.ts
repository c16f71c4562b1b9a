import { constant, noise, type Tensor } from "../graph/tensor.ts";
import { cast, floor, gather, greater, greaterEqual, reshape } from "../ops/index.ts";
import { stream } from "../random/index.ts";

export interface MasksConfig {
  /** How many sets. */
  readonly masks: number;
  readonly ordering: "natural" | "random";
  readonly hiddenDims: readonly number[];
  /** Of the degrees of hidden units and of the orderings (0), and the name of their random stream. */
  readonly seed?: number;
  readonly stream?: string;
}

/** Which variable each value of a flat example, each input and each output of a network belongs to, by its number. */
export interface MaskedVariables {
  readonly variables: number;
  readonly ofValue: readonly number[];
  readonly ofInput: readonly number[];
  readonly ofOutput: readonly number[];
}

/**
 * Masks under which output i of a network depends on the variables before i alone (Germain et al. 2015, arXiv:1502.03509). Inputs and outputs have
 * the place of their variable in an ordering as their degree, a hidden unit k a random degree m(k), not below the least of the layer before:
 *
 *   hidden weights   m(k') <= m(k),   output weights   m(k) < d,   direct ones   d' < d
 *
 * There are several sets of them, each with degrees of its own and, where orderings are random, an ordering of its own (order- and connectivity-agnostic training there).
 */
export class AutoregressiveMasks {
  readonly sets: number;
  /** The place of each variable, by set. */
  readonly orderings: readonly (readonly number[])[];
  /** The place of each value's variable in the orderings, [sets, values]. */
  readonly places: Tensor;
  /** By layer, the input's first, the output's last: [sets, units]. */
  readonly #degrees: readonly Tensor[];

  constructor(
    { masks, ordering, hiddenDims, seed = 0, stream: name = "masks" }: MasksConfig,
    { variables, ofValue, ofInput, ofOutput }: MaskedVariables,
  ) {
    this.sets = masks;
    const degrees: number[][] = [ofInput, ...hiddenDims, ofOutput].map(() => []);
    const places: number[] = [];
    const orderings: number[][] = [];
    for (let set = 0; set < masks; set++) {
      const random = stream(seed, name, set);
      const place =
        ordering === "natural" ? Array.from({ length: variables }, (_, i) => i) : permutation(variables, random);
      const placeOf = (variable: number): number => place[variable]!;
      orderings.push(place);
      places.push(...ofValue.map(placeOf));
      degrees[0]!.push(...ofInput.map(placeOf));
      // The last variable of an ordering informs nothing.
      let least = 0;
      hiddenDims.forEach((units, layer) => {
        const own = Array.from(
          { length: units },
          () => least + Math.floor(random.uniform() * Math.max(1, variables - 1 - least)),
        );
        degrees[layer + 1]!.push(...own);
        least = own.reduce((a, b) => Math.min(a, b), Infinity);
      });
      degrees.at(-1)!.push(...ofOutput.map(placeOf));
    }
    this.orderings = orderings;
    const bySet = (all: readonly number[]): Tensor => constant([...all], [masks, all.length / masks]);
    this.places = bySet(places);
    this.#degrees = degrees.map(bySet);
  }

  /** One of the sets, drawn alike: int64 [1]. */
  drawn(): Tensor {
    return cast(floor(noise.uniform([1]).mul(this.sets)), "int64");
  }

  /** The masks of sets [chosen], int64: of each layer of weights [chosen, in, out], and of the direct ones last. */
  of(chosen: Tensor): readonly Tensor[] {
    const degrees = this.#degrees.map((each) => gather(each, chosen, 0));
    const along = (t: Tensor, axis: 1 | 2): Tensor => reshape(t, t.shape.toSpliced(axis, 0, 1));
    const mask = (before: Tensor, after: Tensor, strict: boolean): Tensor =>
      cast((strict ? greater : greaterEqual)(along(after, 1), along(before, 2)), "float32");
    const last = degrees.length - 1;
    const layers = degrees.slice(1).map((after, layer) => mask(degrees[layer]!, after, layer + 1 === last));
    return [...layers, mask(degrees[0]!, degrees[last]!, true)];
  }
}

function permutation(count: number, random: { uniform(): number }): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
