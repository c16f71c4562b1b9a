/** run.json: what a run is. The same form for every model; the model's own schema reads `config`. */
import { z } from "zod";
import { mostClasses, mostSymbols } from "../data/dataset.ts";
import { columnSchema } from "../data/tables/column.ts";
import type { DataSpec } from "../data/spec.ts";
import { bestSchema, jsonObjectSchema } from "../training/checkpoint.ts";
import { findingSchema } from "../training/doctor/finding.ts";
import { matching, parseJsonObject, refuseOtherFormat } from "../serialization/json.ts";

/** Version of run.json that this Latentkit writes; it reads this one and refuses newer ones. */
export const runFormatVersion = 2;

const line = z.string().max(1000);

/** How training ended. */
const resultSchema = z.strictObject({
  step: z.int().nonnegative(),
  /** Steps behind the weights that the test metrics are of. */
  weights: z.int().nonnegative(),
  /** Time spent training, over all processes that took part. */
  seconds: z.number().nonnegative(),
  best: bestSchema.nullable(),
  findings: z.array(findingSchema).max(100),
});
export type RunResult = Readonly<z.infer<typeof resultSchema>>;

const shape = z.array(z.int().positive()).min(1).max(8);

const symbols = z.int().positive().max(mostSymbols);

const fieldSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    name: line,
    kind: z.literal("class"),
    classes: z.array(line).min(1).max(mostClasses),
    counts: z.array(z.int().nonnegative()).max(mostClasses).optional(),
  }),
  z.strictObject({ name: line, kind: z.literal("numbers"), shape, symbols: symbols.optional() }),
]);

/** A DataSpec, with all that turns rows of a table back into text. */
const dataSpecSchema = z.strictObject({
  kind: z.string().min(1).max(100),
  /** Shape of one example. */
  shape,
  size: z.int().positive().optional(),
  examples: z.int().positive().optional(),
  range: z.tuple([z.number(), z.number()]).nullable(),
  symbols: symbols.optional(),
  standardization: z
    .strictObject({ mean: z.array(z.number()).max(1_000_000), std: z.array(z.number().positive()).max(1_000_000) })
    .optional(),
  columns: z.array(columnSchema).min(1).max(10_000).optional(),
  fields: z.array(fieldSchema).max(1000).optional(),
});

const runInfoSchema = z.strictObject({
  /** Name in the registry of models, or of the definition in `modelFile`. */
  model: line,
  /** The user's own file that defines the model. It is only ever loaded where a person has named it. */
  modelFile: z.strictObject({ path: line, sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  config: jsonObjectSchema,
  /** Batch size, optimizer, length: what the training loop reads again on resume. */
  training: jsonObjectSchema,
  data: z.strictObject({
    /** As given to --data. */
    source: line,
    /** Binarization, splits and the like: what the source reads again on resume. */
    options: jsonObjectSchema,
    /** Digest of the data, so that resuming on other data is noticed. */
    fingerprint: line,
    /** What the model was built for. */
    ...dataSpecSchema.shape,
  }),
  /** The run whose codes the data are. */
  parent: z
    .strictObject({
      path: line,
      /** Whether it is the first stage of this run, which lies in its own folder: `path` starts there. */
      inside: z.literal(true).optional(),
      step: z.int().nonnegative(),
      weights: z.string().regex(/^[0-9a-f]{64}$/),
      latent: line,
      take: z.enum(["means", "samples"]),
      standardization: z.record(
        line,
        z.strictObject({ mean: z.array(z.number()).max(1_000_000), std: z.array(z.number()).max(1_000_000) }),
      ),
    })
    .optional(),
  /** The distance of samples to validation examples that selects the best weights, where one does: in which features, of how many of both. */
  selection: z
    .strictObject({ distance: line, features: line, samples: z.int().positive(), examples: z.int().positive() })
    .optional(),
  seed: z.int().nonnegative(),
  /** Version of the Latentkit that made the run. */
  latentkit: line,
  /** Of what the code ran on: Node or a browser, and ONNX Runtime. */
  versions: z.strictObject({ node: line.optional(), browser: line.optional(), onnxruntime: line }),
  device: line,
  /** ISO 8601, UTC. */
  created: z.iso.datetime(),
  /** The arguments that started the run. */
  command: z.array(line).max(1000),
  /** Where the run's metrics are sent to under this id. */
  mlflowRun: line.optional(),
  /** Absent until training has come to its end. */
  result: resultSchema.optional(),
});

const runFileSchema = z.strictObject({ formatVersion: z.literal(runFormatVersion), ...runInfoSchema.shape });

export type RunInfo = Readonly<z.infer<typeof runInfoSchema>>;

/** Reads run.json. Throws CheckpointError on anything but a valid one, naming a newer Latentkit where one wrote it. */
export function parseRunInfo(text: string, where: string): RunInfo {
  const file = parseJsonObject(text, where);
  refuseOtherFormat(file, runFormatVersion, where);
  const { formatVersion: _, ...info } = matching(runFileSchema, file, where);
  return info;
}

/** The text of run.json. Throws CheckpointError where it would not be read back. */
export function runInfoText(info: RunInfo): string {
  const text = `${JSON.stringify({ formatVersion: runFormatVersion, ...info }, null, 2)}\n`;
  parseRunInfo(text, "run.json");
  return text;
}

/** What a run's model was built for. */
export function runDataSpec({ data }: Pick<RunInfo, "data">): DataSpec {
  const { kind, shape, size, examples, range, symbols: count, standardization, columns, fields } = data;
  return {
    kind,
    shape,
    range,
    ...(size !== undefined && { size }),
    ...(examples !== undefined && { examples }),
    ...(count !== undefined && { symbols: count }),
    ...(standardization && { standardization }),
    ...(columns && { columns }),
    ...(fields && { fields }),
  };
}

/** The names of the classes of a run's labels, by index; none where its data have no labels. */
export function runClassNames({ data: { fields = [] } }: Pick<RunInfo, "data">): readonly string[] {
  const field = fields.find(({ name }) => name === "class");
  return field?.kind === "class" ? field.classes : [];
}
