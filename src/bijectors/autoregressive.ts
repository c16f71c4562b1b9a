import { constant, type Tensor } from "../graph/tensor.ts";
import type { ActivationName } from "../nn/activation.ts";
import { AutoregressiveMasks, type MaskedVariables } from "../nn/autoregressive-masks.ts";
import type { Context } from "../nn/context.ts";
import { MaskedNetwork } from "../nn/masked-network.ts";
import { cast, dynamicSlice, equal, reshape, slice, sum, where } from "../ops/index.ts";
import type { Bijector, Mapped } from "./bijector.ts";
import type { Elementwise } from "./elementwise.ts";

export interface AutoregressiveOptions {
  readonly size: number;
  readonly hiddenDims: readonly number[];
  readonly activation?: ActivationName;
  /** Length of the vector that examples are conditioned on (0). */
  readonly given?: number;
  readonly dropout?: number;
  /** Of the masks: which values each hidden unit sees. */
  readonly seed?: number;
}

/**
 * Masked autoregressive bijector of vectors (Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057; with a spline arXiv:1906.04032): value i goes through a monotone function whose
 * parameters follow from the values before it,
 *
 *   z_i = f(x_i; h_i(x_<i)),     log |det dz/dx| = sum_i log df/dx_i
 *
 * with all h_i from one pass of a masked network. The inverse finds one value after another, in as many passes as there are values. Its Inverse is the
 * inverse autoregressive flow (Kingma et al. 2016, arXiv:1606.04934), in which sampling is the one pass.
 */
export class Autoregressive implements Bijector {
  readonly network: MaskedNetwork;
  readonly size: number;
  readonly #each: Elementwise;
  readonly #masks: readonly Tensor[];

  constructor(each: Elementwise, options: AutoregressiveOptions) {
    const { size, hiddenDims, activation = "relu", given = 0, dropout = 0, seed = 0 } = options;
    this.size = size;
    this.#each = each;
    const values = Array.from({ length: size }, (_, i) => i);
    const ofOutput = values.flatMap((i) => Array<number>(each.parameters).fill(i));
    const variables: MaskedVariables = { variables: size, ofValue: values, ofInput: values, ofOutput };
    this.#masks = new AutoregressiveMasks({ masks: 1, ordering: "natural", hiddenDims, seed }, variables).of(
      constant([0], [1], "int64"),
    );
    this.network = new MaskedNetwork({
      inputs: size,
      hiddenDims,
      outputs: ofOutput.length,
      activation,
      given,
      dropout,
    });
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { z, logSlope } = this.#each.toLatent(x, this.#parameters(x, context, given));
    return { z, logDet: sum(logSlope, 1) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    let x = constant(0).broadcastTo(z.shape);
    for (let place = 0; place < this.size; place++) x = this.toDataAt(z, { x, place }, context, given);
    return x;
  }

  /** x with its value at a place found, a number or a scalar, given those before it; the others stay as they are. */
  toDataAt(
    z: Tensor,
    { x, place }: { readonly x: Tensor; readonly place: Tensor | number },
    context: Context,
    given?: Tensor,
  ): Tensor {
    const { parameters } = this.#each;
    const at = (t: Tensor, width: number): Tensor =>
      typeof place === "number"
        ? slice(t, -1, place * width, (place + 1) * width)
        : dynamicSlice(t, t.rank - 1, cast(place.mul(width), "int64"), width);
    const outputs = this.#outputs(x, context, { y: given, only: (t) => at(t, parameters) });
    const found = this.#each.toData(at(z, 1), reshape(outputs, [x.shape[0]!, 1, parameters]));
    const places = constant(
      Array.from({ length: this.size }, (_, i) => i),
      [this.size],
    );
    return where(equal(places, place), found, x);
  }

  /** [batch, values, parameters]. */
  #parameters(x: Tensor, context: Context, given?: Tensor): Tensor {
    return reshape(this.#outputs(x, context, { y: given }), [x.shape[0]!, this.size, this.#each.parameters]);
  }

  #outputs(
    x: Tensor,
    context: Context,
    of: { readonly y: Tensor | undefined; readonly only?: (t: Tensor) => Tensor },
  ): Tensor {
    return this.network.outputs(x, this.network.weights(this.#masks), context, of);
  }
}
