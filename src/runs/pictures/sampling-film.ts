import { ConfigError } from "../../errors.ts";
import type { Preview } from "../../evaluation/samples/sampling-loop.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { sizeOf } from "../../graph/shape.ts";
import { kindOf } from "../../kinds/registry.ts";
import { samplerOf } from "../../models/sampler.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { parseSettings } from "../../settings-schema.ts";
import { mostFrames } from "./film.ts";
import { sampleGrid, type SampleGridOptions } from "./run-pictures.ts";

/** Values of all frames, which are in memory together. */
const mostValues = 160e6;

/**
 * The way of samples from noise, frame by frame, and the samples: at most about a hundred frames, from the start on. A frame has what is still
 * noisy above, or beside, what the sampler makes of it; only the latter where the sampler has no more. Throws ConfigError where examples have no
 * picture, the model samples at once, or there are too many samples for a film.
 */
export async function sampledFilm(
  trained: TrainedModel,
  options: SampleGridOptions,
): Promise<{ readonly grid: ImageGrid; readonly frames: readonly ImageGrid[] }> {
  const steps = filmedSteps(trained, options);
  const every = Math.ceil(steps / mostFrames);
  const { count } = options;
  const size = sizeOf(trained.shape);
  const rows = new Map<number, Frame>();
  const on = ({ first, step, examples, noisy }: Preview): void => {
    const empty = (): Float32Array => new Float32Array(count * size).fill(Number.NaN);
    const frame = rows.get(step) ?? { examples: empty(), noisy: noisy && empty() };
    rows.set(step, frame);
    frame.examples.set(examples, first * size);
    if (noisy) frame.noisy?.set(noisy, first * size);
  };
  const grid = await sampleGrid(trained, { ...options, previews: { every, on } });
  const [samples] = grid.sets as [Float32Array];
  // Rows of a chunk that arrived in fewer steps than others are where they stay.
  const filled = (set: Float32Array): Float32Array => set.map((v, i) => (Number.isNaN(v) ? samples[i]! : v));
  const frames = [...rows]
    .toSorted(([a], [b]) => a - b)
    .map(([, { examples, noisy }]): Frame => ({ examples: filled(examples), noisy: noisy && filled(noisy) }));
  // The last step is to no noise at all.
  const last = { noisy: frames[0]?.noisy && samples, examples: samples };
  const all = [...frames, last];
  const start = all[0]!.noisy ?? all[0]!.examples;
  // Plots of all frames have one scale: that of noise and samples together.
  const scaleOf = new Float32Array(start.length + samples.length);
  scaleOf.set(start);
  scaleOf.set(samples, start.length);
  const shown = { ...grid, scaleOf };
  return {
    grid,
    frames: all.map(({ noisy, examples }) =>
      Object.assign({}, shown, { sets: noisy ? [noisy, examples] : [examples] }),
    ),
  };
}

interface Frame {
  readonly noisy: Float32Array | undefined;
  readonly examples: Float32Array;
}

/** Steps of the sampler with these options. Throws ConfigError where there can be no film. */
function filmedSteps(trained: TrainedModel, { count, options = {}, prior }: SampleGridOptions): number {
  const { model, shape, kind } = trained;
  if (prior)
    throw new ConfigError("film: it shows how a model itself samples, got a prior of its codes, expected none");
  if (!kindOf(kind).picture)
    throw new ConfigError(`film: examples have no picture, got ${kind}, expected images or points`);
  const sampler = samplerOf(model);
  const given: Readonly<Record<string, unknown>> = sampler
    ? parseSettings(sampler.options, options, (name) => `sample: ${name}`)
    : {};
  const steps = sampler?.schedule(given).length ?? 0;
  if (steps === 0)
    throw new ConfigError(
      "film: there is no way to show, got a model that samples in one step, expected one of many, such as diffusion",
    );
  const most = Math.floor(mostValues / (2 * (mostFrames + 2)) / sizeOf(shape));
  if (count > most) throw new ConfigError(`film: too many samples, got ${count}, expected at most ${most}`);
  return steps;
}
