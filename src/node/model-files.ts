/** Models in the user's own files. A file runs only where a person has named it: a run folder from elsewhere cannot make it run. */
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { CheckpointError, ConfigError } from "../errors.ts";
import type { ModelDefinition } from "../models/definition.ts";
import { kindInWords, tried } from "../models/tried.ts";
import { findModel } from "../models/registry.ts";
import type { RunInfo } from "../runs/run-info.ts";
import { settingsOf } from "../settings-schema.ts";
import { sha256Hex } from "../sha256.ts";
import { cachedFile, writeCached } from "./files/cache.ts";
import { fileError } from "./files/file-error.ts";
import { loadModelFile } from "./load-model-file.ts";

/** Whether a model is named by the path of a file, not by its name in the registry. */
export const isModelFile = (name: string): boolean => /[/\\]|\.m?[jt]s$/.test(name);

/** A definition, and the file that it is from where it is the user's own. */
export interface FoundModel {
  readonly definition: ModelDefinition;
  readonly modelFile?: NonNullable<RunInfo["modelFile"]>;
}

/**
 * The model that a person names: of the registry, or of a file, which is loaded and from then on trusted as long as it stays the same. Throws
 * ConfigError where there is none, and for a file that throws, exports nothing by default, or something that is no definition.
 */
export async function namedModel(name: string): Promise<FoundModel> {
  if (!isModelFile(name)) return { definition: findModel(name) };
  const path = resolve(name);
  if (!isFile(path))
    throw new ConfigError(`${name}: no such model file, got none, expected a module that exports a model by default`);
  const digest = await digestOf(path);
  const definition = checkedDefinition(await loadModelFile(name), name);
  await writeCached(await trustedName(path, digest), [new TextEncoder().encode(`${path}\n`)]);
  return { definition, modelFile: { path, sha256: digest } };
}

/**
 * The model of a run: of the registry, or of the file that it was trained from, where that is unchanged and has been named on this machine.
 * Throws CheckpointError where it is not.
 */
export async function runModel(
  { model, modelFile }: Pick<RunInfo, "model" | "modelFile">,
  run: string,
): Promise<ModelDefinition> {
  if (!modelFile) return findModel(model);
  const { path, sha256: digest } = modelFile;
  // Loading the run with a named file trusts the file, and keeps it in run.json.
  const remedy = `latentkit evaluate ${run} --model FILE`;
  if (!isFile(path))
    throw new CheckpointError(
      `${run}: its model file is missing, got no file at ${path}, expected it; to name it where it is now, once: ${remedy}`,
    );
  if ((await digestOf(path)) !== digest)
    throw new CheckpointError(
      `${run}: its model file has changed, got another ${path}, expected the one that the run was trained with; to accept it as it is, once: ${remedy}`,
    );
  if ((await cachedFile(await trustedName(path, digest))) === undefined)
    throw new CheckpointError(
      `${run}: its model file has not been run here, got ${path}, expected one that was trained on this machine; if you trust it, once: ${remedy}`,
    );
  return checkedDefinition(await loadModelFile(path), path);
}

/** Of a file at its place: a copy elsewhere may stand beside other files, which it would import. */
const trustedName = async (path: string, digest: string): Promise<string> =>
  `${await sha256Hex([new TextEncoder().encode(`${digest} ${path}`)])}.model-file`;

/** Whether there is a file: a run folder from elsewhere may name a pipe or a device, which has no end. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

async function digestOf(path: string): Promise<string> {
  try {
    return await sha256Hex([await readFile(path)]);
  } catch (error) {
    throw fileError(error, path, "read");
  }
}

/** Throws ConfigError where a default export is no definition. */
function checkedDefinition(made: unknown, path: string): ModelDefinition {
  const wrong = (what: string, got: string): ConfigError =>
    new ConfigError(
      `${path}: ${what}, got ${got}, expected export default defineModel({ name, summary, paper, config, build })`,
    );
  if (typeof made !== "function" && (typeof made !== "object" || made === null))
    throw wrong("its default export is no model definition", kindInWords(made));
  const definition = made as Partial<ModelDefinition>;
  for (const part of ["name", "summary", "paper"] as const)
    if (typeof definition[part] !== "string") throw wrong(`its model has no ${part}`, kindInWords(definition[part]));
  if (!(definition.config instanceof z.ZodType))
    throw wrong("the settings of its model are no zod schema", kindInWords(definition.config));
  if (typeof definition.build !== "function") throw wrong("its model has no build", kindInWords(definition.build));
  checkSettings(definition.config, path);
  if (!/^[a-z][a-z0-9-]{0,99}$/.test(definition.name!))
    throw wrong("its name is not of lower-case words with hyphens between", JSON.stringify(definition.name));
  return made as ModelDefinition;
}

/** Throws ConfigError where a model cannot be trained without any setting given, or its settings cannot be listed. */
function checkSettings(config: z.ZodType, path: string): void {
  tried(path, "config", "an object of numbers, flags, names and lists", () => settingsOf(config));
  const parsed = config.safeParse({});
  if (parsed.success && typeof parsed.data === "object" && parsed.data !== null) return;
  const setting = parsed.error?.issues[0]?.path.join(".");
  throw setting
    ? new ConfigError(`${path}: a setting has no default, got none for ${setting}, expected .default(...)`)
    : new ConfigError(`${path}: config is no object, got another zod schema, expected z.strictObject({...})`);
}
