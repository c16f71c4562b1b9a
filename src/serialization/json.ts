/** JSON from outside, limited in depth and validated by a schema, with one-line errors. */
import type { z } from "zod";
import { CheckpointError } from "../errors.ts";
import { quoted } from "./quoted.ts";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const maxDepth = 64;

/** Parses a JSON object of depth at most 64, without `__proto__` keys. Throws CheckpointError. */
export function parseJsonObject(text: string, where: string): JsonObject {
  let root: JsonValue;
  try {
    root = JSON.parse(text) as JsonValue;
  } catch (cause) {
    const problem = cause instanceof Error ? quoted(cause.message, 100) : "";
    throw new CheckpointError(`${where}: not valid JSON, got ${problem}, expected a JSON object`, { cause });
  }
  if (!isJsonObject(root))
    throw new CheckpointError(`${where}: not valid, got ${described(root)}, expected a JSON object`);
  let level: (JsonObject | readonly JsonValue[])[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) throw new CheckpointError(`${where}: nested too deep, expected at most ${maxDepth} levels`);
    if (level.some((container) => Object.hasOwn(container, "__proto__"))) {
      throw new CheckpointError(`${where}: the key "__proto__" is not allowed`);
    }
    level = level.flatMap((container) => Object.values<JsonValue>(container)).filter((value) => isContainer(value));
  }
  return root;
}

/** Whether a value is a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isContainer(value: JsonValue): value is JsonObject | readonly JsonValue[] {
  return typeof value === "object" && value !== null;
}

/** `value` validated by the schema; throws a CheckpointError that names the first invalid field. */
export function matching<T>(schema: z.ZodType<T>, value: JsonValue, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  let found: JsonValue | undefined = value;
  for (const key of path) {
    found = isJsonObject(found) || Array.isArray(found) ? (found as Record<PropertyKey, JsonValue>)[key] : undefined;
  }
  const field = path.length > 0 ? `${quoted(path.join("."))}: ` : "";
  const problem =
    issue?.code === "unrecognized_keys"
      ? `unknown key ${quoted(issue.keys[0] ?? "")}`
      : expectedBy(issue?.message, found);
  throw new CheckpointError(`${where}: ${field}${problem}`);
}

/** Message of a zod issue, `Invalid input: expected number, received string`, with the value in place of its type. */
function expectedBy(message = "", found: JsonValue | undefined): string {
  const expected = /expected (.*?)(, received .*)?$/u.exec(message)?.[1] ?? message;
  return `got ${described(found)}, expected ${quoted(expected, 120).slice(1, -1).replaceAll('\\"', '"')}`;
}

/** A short, printable description of a JSON value. */
function described(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return isJsonObject(value) ? "an object" : JSON.stringify(value);
}

/**
 * Throws for a file in a newer format, naming the Latentkit version that wrote it. Checked before all other fields, in which a newer format may
 * differ.
 */
export function refuseNewerFormat(file: JsonObject, ours: number, where: string): void {
  const { formatVersion, latentkit } = file;
  if (typeof formatVersion !== "number" || formatVersion <= ours) return;
  const writer =
    typeof latentkit === "string" ? `Latentkit ${quoted(latentkit, 20).slice(1, -1)}` : "a newer Latentkit";
  throw new CheckpointError(
    `${where}: written by ${writer}, got format ${formatVersion}, expected at most ${ours}; install that Latentkit or a newer one`,
  );
}

/** Refuses a newer format likewise, and an earlier one, which this Latentkit no longer reads. */
export function refuseOtherFormat(file: JsonObject, ours: number, where: string): void {
  refuseNewerFormat(file, ours, where);
  const { formatVersion } = file;
  if (typeof formatVersion === "number" && formatVersion < ours)
    throw new CheckpointError(
      `${where}: of an earlier format that is no longer read, got format ${formatVersion}, expected ${ours}; train it again`,
    );
}
