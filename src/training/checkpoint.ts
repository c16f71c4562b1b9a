/**
 * A checkpoint as data: everything needed to resume a run bit for bit. Stored as three files (weights.safetensors,
 * optimizer.safetensors, state.json); their place is up to the store.
 */
import { z } from "zod";
import { CheckpointError } from "../errors.ts";
import { isJsonObject, type JsonObject, matching, parseJsonObject, refuseOtherFormat } from "../serialization/json.ts";
import { quoted } from "../serialization/quoted.ts";
import type { SafetensorsTensor, TensorSpec } from "../serialization/safetensors.ts";

/** Version of state.json that this Latentkit writes; it reads this one and refuses newer ones. */
export const stateFormatVersion = 2;

/** Any JSON object, passed through as it is: its reader knows what belongs in it. */
export const jsonObjectSchema = z.custom<JsonObject>(isJsonObject, { error: "expected an object" });

/** The best validation: its first metric, lower is better, and its step. */
export const bestSchema = z.strictObject({
  step: z.int().nonnegative(),
  metric: z.string().max(200),
  value: z.number(),
});

/** A rewind of training to a checkpoint, at half the learning rate. */
const rewindSchema = z.strictObject({
  /** The step at which a metric was not finite, and the step that training was rewound to. */
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  metric: z.string().max(200),
});
export type Rewind = Readonly<z.infer<typeof rewindSchema>>;

const stateSchema = z.strictObject({
  /** Version of the Latentkit that wrote the file. */
  latentkit: z.string().max(100),
  /** Optimizer steps done. */
  step: z.int().nonnegative(),
  /** Epochs completed. */
  epoch: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  /** Where the data source resumes; only the source reads it. */
  cursor: jsonObjectSchema,
  /** The parameters whose exponential moving averages are among the weights too. */
  ema: z.array(z.string().max(1000)).max(100_000),
  /** The best validation so far and its step. */
  best: bestSchema.nullable(),
  /** Time spent training so far, over all processes that took part. */
  seconds: z.number().nonnegative().optional(),
  rewinds: z.array(rewindSchema).max(1000).optional(),
});

/** Where training stands, beside the tensors. */
export type TrainingState = Readonly<z.infer<typeof stateSchema>>;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 hexadecimal digits" });
const stateFileSchema = z.strictObject({
  formatVersion: z.literal(stateFormatVersion),
  ...stateSchema.shape,
  /** Of the two tensor files, so that a damaged byte is noticed. */
  sha256: z.strictObject({ weights: sha256Schema, optimizer: sha256Schema }),
});

export interface StateFile {
  readonly state: TrainingState;
  /** SHA-256 of the two tensor files, in hexadecimal. */
  readonly sha256: { readonly weights: string; readonly optimizer: string };
}

export interface Checkpoint {
  /** Parameter path -> value, such as `encoder.layers.0.weight`. */
  readonly weights: ReadonlyMap<string, SafetensorsTensor>;
  /** Optimizer slots and counters. */
  readonly optimizer: ReadonlyMap<string, SafetensorsTensor>;
  readonly state: TrainingState;
}

/** Names, dtypes and shapes a model or an optimizer expects. */
export type TensorSpecs = ReadonlyMap<string, TensorSpec>;

/** Reads state.json. Throws CheckpointError on anything but a valid state, naming a newer Latentkit where one wrote it. */
export function parseStateFile(text: string, where: string): StateFile {
  const file = parseJsonObject(text, where);
  refuseOtherFormat(file, stateFormatVersion, where);
  const { formatVersion: _, sha256, ...state } = matching(stateFileSchema, file, where);
  return { state, sha256 };
}

/** The text of state.json. Throws CheckpointError where it would not be read back. */
export function stateFileText({ state, sha256 }: StateFile): string {
  const text = `${JSON.stringify({ formatVersion: stateFormatVersion, ...state, sha256 }, null, 2)}\n`;
  parseStateFile(text, "state.json");
  return text;
}

/** Throws CheckpointError naming the first tensor that is missing, of another dtype or shape, or not expected. */
export function checkTensors(found: TensorSpecs, expected: TensorSpecs, where: string): void {
  for (const [name, spec] of expected) {
    const tensor = found.get(name);
    if (tensor === undefined) {
      throw new CheckpointError(`${where}: tensor ${quoted(name)} is missing, expected ${described(spec)}`);
    }
    if (described(tensor) !== described(spec)) {
      throw new CheckpointError(
        `${where}: tensor ${quoted(name)} does not fit the model, got ${described(tensor)}, expected ${described(spec)}`,
      );
    }
  }
  for (const [name, tensor] of found) {
    if (!expected.has(name)) {
      throw new CheckpointError(
        `${where}: tensor ${quoted(name)} is not part of the model, got ${described(tensor)}, expected ${expected.size} other tensors`,
      );
    }
  }
}

function described({ dtype, shape }: TensorSpec): string {
  return `${dtype} [${shape.join(", ")}]`;
}
