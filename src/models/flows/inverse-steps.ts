import { Autoregressive } from "../../bijectors/autoregressive.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { tempered } from "../../distributions/tempered.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { equal, where } from "../../ops/comparison.ts";
import type { Codes } from "../latent.ts";
import { ancestralOptions, type AncestralOptions, type Sampler, type StepScalars } from "../sampler.ts";
import { standardNormal } from "./flow.ts";

/** What the state of the loop is called: z of the layer that is inverted, and as much of its example as is found. */
type State = Readonly<Record<"z" | "found", Tensor>>;

/**
 * From latents to data through a list of bijectors of vectors of which some are autoregressive: a loop of the host with a step for each value of
 * each of them, and one compiled graph for each of them, where one graph of all would be slow to compile.
 */
export class InverseSteps {
  readonly #bijectors: readonly Bijector[];
  /** Places of the autoregressive ones, the last first. */
  readonly #layers: readonly number[];

  constructor(bijectors: readonly Bijector[]) {
    this.#bijectors = bijectors;
    this.#layers = bijectors.flatMap((one, i) => (one instanceof Autoregressive ? [i] : [])).toReversed();
  }

  /** Passes of networks, which are steps. */
  get passes(): number {
    return this.schedule().length;
  }

  schedule(): readonly StepScalars[] {
    return this.#layers.flatMap((layer) => {
      const { size } = this.#bijectors[layer] as Autoregressive;
      return Array.from({ length: size }, (_, place) => ({ [scalarOf(layer)]: place }));
    });
  }

  start(z: Tensor): State {
    return { z, found: z };
  }

  /** How many examples a state is of. */
  rows(codes: Codes): number {
    return (codes as State).z.shape[0]!;
  }

  /** The next state. The layer is told by the name of its scalar. */
  step(codes: Codes, at: Readonly<Record<string, Tensor>>, context: Context, given?: Tensor): State {
    const state = codes as State;
    const i = this.#layers.findIndex((layer) => at[scalarOf(layer)]);
    const layer = this.#layers[i]!;
    const place = at[scalarOf(layer)]!;
    const begins = equal(place, 0);
    const after = this.#between(layer, this.#layers[i - 1] ?? this.#bijectors.length);
    const z = where(begins, through(after, state.found, context, given), state.z);
    const x = where(begins, 0, state.found);
    return { z, found: (this.#bijectors[layer] as Autoregressive).toDataAt(z, { x, place }, context, given) };
  }

  finish(codes: Codes, context: Context, given?: Tensor): Tensor {
    return through(
      this.#between(-1, this.#layers.at(-1) ?? this.#bijectors.length),
      (codes as State).found,
      context,
      given,
    );
  }

  /** Those after one place and before another. */
  #between(first: number, last: number): readonly Bijector[] {
    return this.#bijectors.slice(first + 1, last);
  }
}

const scalarOf = (layer: number): string => `layer${layer}`;

const through = (bijectors: readonly Bijector[], z: Tensor, context: Context, given?: Tensor): Tensor =>
  bijectors.reduceRight((h, bijector) => bijector.toData(h, context, given), z);

/** Samples of a temperature by the steps of the inverse. `given`: what the networks are given, of a state. */
export function samplerInSteps(
  bijectors: readonly Bijector[],
  size: number,
  given: (codes: Codes, rows: number, context: Context) => Tensor | undefined,
): Sampler<Pick<AncestralOptions, "temperature">> {
  const inverse = new InverseSteps(bijectors);
  const of = (state: Codes, context: Context): Tensor | undefined => given(state, inverse.rows(state), context);
  return {
    options: ancestralOptions.pick({ temperature: true }),
    schedule: () => inverse.schedule(),
    passes: () => inverse.passes,
    start: (count, { temperature }) => inverse.start(tempered(standardNormal([count, size]), temperature)),
    step: (state, at, _, context) => ({ ...state, ...inverse.step(state, at, context, of(state, context)) }),
    finish: (state, _, context) => inverse.finish(state, context, of(state, context)),
  };
}
