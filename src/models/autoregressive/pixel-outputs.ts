import { Bernoulli } from "../../distributions/bernoulli.ts";
import { Categorical } from "../../distributions/categorical.ts";
import { DiscretizedLogistic } from "../../distributions/discretized-logistic.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { GridCategorical } from "../../distributions/grid-categorical.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { Conv } from "../../nn/conv.ts";
import { log } from "../../ops/arithmetic.ts";
import { greater, where } from "../../ops/comparison.ts";
import { relu } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, reshape, slice } from "../../ops/movement.ts";
import { logSoftmax, logSumExp, sum } from "../../ops/reduction.ts";
import { rounded, withLastAxis } from "../parts/likelihoods.ts";
import { nearestLevel, type PixelInput } from "./pixel-inputs.ts";

/** Values that are given in place of samples where the mask is 0, [n, c, h, w] each. */
export interface KeptPixels {
  readonly x: Tensor;
  readonly mask: Tensor;
}

/** p(x_i | x_1, .., x_(i-1)) of pixels from features of those before them; their channels are one after another too. */
export interface PixelOutput {
  /** log p of each example x [n, c, h, w], of features h [n, p, h, w]: [n] in nats. */
  logProb(h: Tensor, x: Tensor): Tensor;
  /** Pixels of features h: [n, c, h, w]. Logits are divided by the temperature, and scales times it. */
  sample(h: Tensor, options: { readonly temperature: Tensor; readonly kept?: KeptPixels | undefined }): Tensor;
}

/** What one value is, as a distribution of so many numbers for each: `numbers` [n, count, h, w] -> over [n, 1, h, w]. */
export interface ValueFamily {
  readonly count: number;
  of(numbers: Tensor): Distribution;
}

export const binaryValues: ValueFamily = { count: 1, of: (logits) => new Bernoulli(logits) };

/** Any probabilities of evenly spaced values from 0 to `high` (arXiv:1601.06759, section 3.3). */
export const categoricalValues = (count: number, high: number): ValueFamily => ({
  count,
  of: (logits) => new GridCategorical(withLastAxis(logits, count), { low: 0, high }),
});

export interface OutputOptions {
  readonly channels: number;
  /** p: features of a pixel. */
  readonly features: number;
  /** Hidden units of each pixel. */
  readonly hidden: number;
}

/** Each channel by itself given those before it, which the hidden units see. */
export class ChannelwiseOutput implements PixelOutput {
  readonly hidden: Conv;
  readonly before: readonly Conv[];
  readonly last: readonly Conv[];
  readonly #values: ValueFamily;
  readonly #input: PixelInput;

  constructor({ channels, features, hidden }: OutputOptions, values: ValueFamily, input: PixelInput) {
    const single = [1, 1];
    this.hidden = new Conv(features, hidden, single);
    this.before = Array.from(
      { length: channels - 1 },
      (_, i) => new Conv((i + 1) * input.features, hidden, single, { bias: false }),
    );
    this.last = Array.from({ length: channels }, () => new Conv(hidden, values.count, single));
    this.#values = values;
    this.#input = input;
  }

  #numbers(hidden: Tensor, x: Tensor | undefined, channel: number): Tensor {
    if (channel === 0) return this.last[0]!.apply(relu(hidden));
    const seen = slice(this.#input.apply(x!), 1, 0, channel * this.#input.features);
    return this.last[channel]!.apply(relu(hidden.add(this.before[channel - 1]!.apply(seen))));
  }

  logProb(h: Tensor, x: Tensor): Tensor {
    const hidden = this.hidden.apply(relu(h));
    const logs = this.last.map((_, i) => this.#values.of(this.#numbers(hidden, x, i)).logProb(slice(x, 1, i, i + 1)));
    return ofExamples(logs);
  }

  sample(h: Tensor, { temperature, kept }: Parameters<PixelOutput["sample"]>[1]): Tensor {
    const hidden = this.hidden.apply(relu(h));
    const zeros = constant(0).broadcastTo([h.shape[0]!, 1, ...h.shape.slice(2)]);
    const sampled: Tensor[] = [];
    for (const [i] of this.last.entries()) {
      // Channels that are to come are not seen.
      const x = i === 0 ? undefined : concat([...sampled, ...this.last.slice(i).map(() => zeros)], 1);
      sampled.push(keeping(this.#values.of(this.#numbers(hidden, x, i).div(temperature)).sample(), kept, i));
    }
    return joined(sampled);
  }
}

/**
 * A mixture of discretized logistics for each pixel, whose channels share the component, and whose means depend linearly on the channels before
 * (PixelCNN++, Salimans et al. 2017, arXiv:1701.05517, eq. 2 and 3):
 *
 *   p(x) = sum_k pi_k prod_c P(x_c; m_kc + sum_(d < c) a_kcd x_d, s_kc)
 */
export class LogisticMixtureOutput implements PixelOutput {
  readonly hidden: Conv;
  readonly last: Conv;
  readonly #channels: number;
  readonly #components: number;
  readonly #levels: number;

  constructor({ channels, features, hidden }: OutputOptions, components: number, levels: number) {
    const numbers = 1 + 2 * channels + (channels * (channels - 1)) / 2;
    this.hidden = new Conv(features, hidden, [1, 1]);
    this.last = new Conv(hidden, numbers * components, [1, 1]);
    this.#channels = channels;
    this.#components = components;
    this.#levels = levels;
  }

  /** pi, m, s and a: [n, numbers, h, w, components]. */
  #numbers(h: Tensor): Tensor {
    return withLastAxis(this.last.apply(relu(this.hidden.apply(relu(h)))), this.#components);
  }

  /** The components of a channel given those before it, [n, 1, h, w] each. */
  #component(numbers: Tensor, before: readonly Tensor[]): { readonly location: Tensor; readonly logScale: Tensor } {
    const [channel, channels, count] = [before.length, this.#channels, this.#components];
    const at = (i: number): Tensor => slice(numbers, 1, i, i + 1);
    // Initial locations cover the range: components that start alike stay alike.
    const offsets = constant(
      Array.from({ length: count }, (_, k) => (k + 0.5) / count),
      [count],
    );
    const first = 1 + 2 * channels + (channel * (channel - 1)) / 2;
    const location = before.reduce(
      (mean, x, i) => mean.add(at(first + i).mul(withComponents(x))),
      at(1 + channel).add(offsets),
    );
    return { location, logScale: at(1 + channels + channel) };
  }

  logProb(h: Tensor, x: Tensor): Tensor {
    const numbers = this.#numbers(h);
    const values = this.#channelsOf(x);
    const logs = values.map((value, i) => {
      const { location, logScale } = this.#component(numbers, values.slice(0, i));
      return rounded(location, logScale, this.#grid).logProb(withComponents(value));
    });
    const weights = logSoftmax(slice(numbers, 1, 0, 1), -1);
    return ofExamples([
      logSumExp(
        logs.reduce((total, part) => total.add(part), weights),
        -1,
      ),
    ]);
  }

  /** The component of each channel is drawn anew given the channels before: jointly the same, and right where one of them is given. */
  sample(h: Tensor, { temperature, kept }: Parameters<PixelOutput["sample"]>[1]): Tensor {
    const numbers = this.#numbers(h);
    let weights = slice(numbers, 1, 0, 1).div(temperature);
    const [sampled, before]: [Tensor[], Tensor[]] = [[], []];
    for (let i = 0; i < this.#channels; i++) {
      const { location, logScale } = this.#component(numbers, before);
      const all = rounded(location, logScale, this.#grid);
      const tempered = all.logScale.add(log(temperature));
      const chosen = oneHot(new Categorical(weights).sample(), this.#components);
      const of = (t: Tensor): Tensor => sum(t.mul(chosen), -1);
      const x = keeping(new DiscretizedLogistic(of(all.location), of(tempered), this.#grid).sample(), kept, i);
      sampled.push(x);
      const nearest = nearestLevel(x, this.#levels);
      before.push(nearest);
      weights = weights.add(
        new DiscretizedLogistic(all.location, tempered, this.#grid).logProb(withComponents(nearest)),
      );
    }
    return joined(sampled);
  }

  get #grid() {
    return { low: 0, high: 1, bins: this.#levels };
  }
  #channelsOf(x: Tensor): readonly Tensor[] {
    const nearest = nearestLevel(x, this.#levels);
    return Array.from({ length: this.#channels }, (_, i) => slice(nearest, 1, i, i + 1));
  }
}

const withComponents = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
const joined = (channels: readonly Tensor[]): Tensor => (channels.length === 1 ? channels[0]! : concat(channels, 1));

const keeping = (sample: Tensor, kept: KeptPixels | undefined, channel: number): Tensor =>
  kept
    ? where(greater(slice(kept.mask, 1, channel, channel + 1), 0.5), sample, slice(kept.x, 1, channel, channel + 1))
    : sample;

/** Of values [n, 1, h, w] each. */
const ofExamples = (logs: readonly Tensor[]): Tensor =>
  sum(
    logs.reduce((total, part) => total.add(part)),
    [1, 2, 3],
  );
