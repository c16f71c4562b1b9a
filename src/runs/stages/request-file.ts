/** request.json: what a run of two stages is to be, read where it is resumed before its second stage has begun. */
import { z } from "zod";
import { BINARIZATIONS } from "../../data/binarize.ts";
import { dataOptions, givenDataOptions } from "../../data/options.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { jsonObjectSchema } from "../../training/checkpoint.ts";
import { trainingSettings } from "../../training/settings.ts";
import { asCodesConfig, splitConfig } from "../../models/given-config.ts";
import { type JsonObject, matching, parseJsonObject, refuseOtherFormat } from "../../serialization/json.ts";
import { requestFile } from "../run.ts";
import type { RunInfo } from "../run-info.ts";
import { asJson, type RunRequest } from "../start-run.ts";
import { type FileContent, readText, type RunStore } from "../storage/store.ts";

const formatVersion = 1;
const maxBytes = 1_000_000;
const line = z.string().max(1000);

const keptSchema = z.strictObject({
  formatVersion: z.literal(formatVersion),
  model: line,
  modelFile: z.strictObject({ path: line, sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  /** Both as given. */
  config: jsonObjectSchema,
  training: jsonObjectSchema,
  data: z.strictObject({ source: line, options: dataOptions }),
  binarize: z.enum(["auto", ...BINARIZATIONS]),
  seed: z.int().nonnegative(),
  command: z.array(line).max(1000),
});

/** A request as it was made: by which model, and with which arguments. */
export interface KeptRequest {
  readonly model: Pick<RunInfo, "model" | "modelFile">;
  readonly command: readonly string[];
  of(definition: ModelDefinition): RunRequest;
}

/** The file of a request, by its name. */
export function requestFiles(request: RunRequest, command: readonly string[]): ReadonlyMap<string, FileContent> {
  const { definition, modelFile, config, settings, data, binarize, seed } = request;
  const kept = {
    formatVersion,
    model: definition.name,
    ...(modelFile && { modelFile }),
    config: asJson(config),
    training: asJson(settings),
    data: { source: data, options: givenDataOptions(request) },
    binarize,
    seed,
    command,
  };
  return new Map([[requestFile, `${JSON.stringify(kept, null, 2)}\n`]]);
}

/** Reads the request at a place. Throws CheckpointError where it is damaged. */
export async function readRequest(store: RunStore): Promise<KeptRequest> {
  const where = store.pathOf(requestFile);
  const file = parseJsonObject(await readText(store, requestFile, maxBytes), where);
  refuseOtherFormat(file, formatVersion, where);
  const { model, modelFile, config, training, data, binarize, seed, command } = matching(keptSchema, file, where);
  const named = modelFile && { modelFile };
  return {
    model: { model, ...named },
    command,
    of(definition) {
      const { own, codes } = splitConfig(config);
      const checked = matching(definition.config, own as JsonObject, `${where}: config`);
      return {
        definition,
        ...named,
        config: { ...givenOf(own, checked), ...asCodesConfig(codes) },
        settings: givenOf(training, matching(trainingSettings, training, `${where}: training`)),
        data: data.source,
        binarize,
        seed,
        ...givenDataOptions(data.options),
      };
    },
  };
}

/** Of what a schema makes of given settings, those that were given. */
const givenOf = (given: object, checked: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(checked).filter(([key]) => Object.hasOwn(given, key)));
