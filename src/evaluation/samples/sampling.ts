import { UnsupportedOpError } from "../../errors.ts";
import { samplerOf } from "../../models/sampler.ts";
import { parseSettings } from "../../settings-schema.ts";
import { idleSettings } from "../../models/idle-settings.ts";
import { lacking } from "../capabilities.ts";
import type { Given } from "../condition.ts";
import type { ModelOnDevice } from "../model-on-device.ts";
import { SamplingLoop, type SamplingProgress, scalarsOf, structureOf } from "./sampling-loop.ts";

/** Which marginals sampled rows of a table have: the data's, or the model's own. */
export const marginalNames = ["data", "model"] as const;
export type SampledMarginals = (typeof marginalNames)[number];

/** How to sample: the sampler's own options by name, and those of every sampler. */
export interface SampleOptions {
  readonly seed?: number;
  /** Of rows of a table; by default the data's where no other option of the sampler and no condition is given. */
  readonly marginals?: SampledMarginals | undefined;
  /** Steps between previews, the first of the start; none when missing. */
  readonly previewEvery?: number;
  /** Place of the first sample among all of the seed (0), a multiple of 64: many samples are made in pieces. */
  readonly first?: number;
  readonly [option: string]: unknown;
}

/** The return value of a generator. What it yields goes to `each`; where that throws, the generator ends and frees what it holds. */
export async function drain<Progress, T>(
  progress: AsyncGenerator<Progress, T>,
  each: (progress: Progress) => void = () => {},
): Promise<T> {
  try {
    let next = await progress.next();
    for (; !next.done; next = await progress.next()) each(next.value);
    return next.value;
  } finally {
    // Nothing where it has ended by itself.
    await progress.return(undefined as T);
  }
}

/** Runs a model's sampler. Throws ConfigError for an option that is unknown or out of range. */
export async function* sampling(
  trained: ModelOnDevice,
  given: Given,
  count: number,
  { seed = 0, previewEvery, first = 0, ...options }: SampleOptions,
): AsyncGenerator<SamplingProgress, Float32Array> {
  const sampler = samplerOf(trained.model);
  if (!sampler)
    throw new UnsupportedOpError(
      `sample: ${lacking(trained.model, ["sample"])}, got none, expected a model with a sampler, or a density of its codes`,
    );
  const nameOf = (name: string): string => `sample: ${name}`;
  const parsed: Readonly<Record<string, unknown>> = parseSettings(sampler.options, options, nameOf);
  idleSettings(sampler.options, options, parsed, nameOf);
  const schedule = sampler.schedule(parsed);
  const key = `sample ${schedule.length === 0 ? "at once" : "in steps"} ${given.key} ${structureOf(parsed)}`;
  const loop = trained.kept(
    key,
    () => new SamplingLoop(trained, { name: "sample", sampler, given, options: parsed, point: schedule[0] }),
  );
  const scalars = scalarsOf(parsed);
  const inputs = (at: number, rows: number) => ({ ...scalars, ...given.inputs(at, rows) });
  return yield* loop.run({ count, first, seed, schedule, inputs, previewEvery });
}
