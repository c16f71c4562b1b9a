/** What a request asks for: JSON, or tensors by name as safetensors with all else in the query. */
import type { Context } from "hono";
import { ConfigError, DataError } from "../errors.ts";
import type { ValueInfo } from "../onnx/model-proto.ts";
import { readSafetensors, type SafetensorsTensor } from "../serialization/safetensors.ts";
import { fromFlat, fromNested } from "./json-arrays.ts";
import { MediaTypeError } from "./problems.ts";
import type { Arrays, ShapedArray } from "./json-arrays.ts";
import { gone } from "./tasks/turns.ts";

export const safetensorsType = "application/vnd.safetensors";
const jsonType = "application/json";

/** A body that has been read, and not yet understood. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  readonly isJson: boolean;
  readonly query: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly arrays: Arrays;
  /** All that is no array. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Reads a body. Throws MediaTypeError where it is neither JSON nor safetensors. */
export async function readBody(c: Context): Promise<RequestBody> {
  const type = (c.req.header("content-type") ?? jsonType).split(";")[0]!.trim().toLowerCase();
  const isTensors = type === safetensorsType || type === "application/octet-stream";
  // What curl -d says of any text: pages of other places are kept out by their origin.
  if (!isTensors && type !== jsonType && type !== "application/x-www-form-urlencoded")
    throw new MediaTypeError(`content-type: unknown, got ${type}, expected ${jsonType} or ${safetensorsType}`);
  return { bytes: await bodyBytes(c), isJson: !isTensors, query: c.req.query() };
}

/** The bytes of a body. Throws MediaTypeError where they are packed, GoneError where the client leaves before the last. */
export async function bodyBytes(c: Context): Promise<Uint8Array> {
  const encoding = c.req.header("content-encoding") ?? "identity";
  if (encoding !== "identity") throw new MediaTypeError(`content-encoding: not read, got ${encoding}, expected none`);
  try {
    return new Uint8Array(await c.req.arrayBuffer());
  } catch (error) {
    throw c.req.raw.signal.aborted ? gone() : error;
  }
}

/**
 * The arrays and settings of a body. `inputs`: arrays that there may be; `isSetting`: which other names are settings, the rest being arrays too. Throws
 * DataError naming what is wrong.
 */
export function asked(
  { bytes, isJson, query }: RequestBody,
  inputs: readonly ValueInfo[],
  isSetting: (name: string) => boolean,
): Asked {
  if (!isJson) {
    const { tensors } = readSafetensors(bytes, "body");
    return {
      arrays: Object.fromEntries(Array.from(tensors, ([name, tensor]) => [name, ofTensor(name, tensor)])),
      settings: query,
    };
  }
  const entries = Object.entries(jsonObject(bytes));
  const settings = entries.filter(([name]) => isSetting(name));
  for (const [name, v] of settings)
    if (depthOf(v) > 3)
      throw new DataError(`${name.slice(0, 100)}: nested too deep, got more than 3 levels, expected a setting`);
  const arrays = entries
    .filter(([name]) => !isSetting(name))
    .map(([name, v]) => {
      const dtype = inputs.find((info) => info.name === name)?.type.dtype ?? "float32";
      const flat = v as { readonly shape?: unknown; readonly data?: unknown } | null;
      if (typeof flat !== "object" || !flat || Array.isArray(flat)) return [name, fromNested(v, dtype, name)];
      const { shape, data } = flat;
      const whole = (d: unknown): d is number => Number.isSafeInteger(d) && (d as number) >= 0;
      if (!Array.isArray(shape) || shape.length > 8 || !shape.every(whole) || !Array.isArray(data))
        throw new DataError(`${name}: neither lists nor shape and data, got another object, expected one of them`);
      return [name, fromFlat(data, shape, dtype, name)];
    });
  return { arrays: Object.fromEntries(arrays), settings: { ...query, ...Object.fromEntries(settings) } };
}

/** A whole number among settings, as JSON or text. */
export function wholeSetting(settings: Asked["settings"], name: string): number | undefined {
  const given = settings[name];
  const v = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (v === undefined || (Number.isSafeInteger(v) && (v as number) >= 0)) return v as number | undefined;
  throw new ConfigError(`${name}: not a whole number, got ${JSON.stringify(given)}, expected 0 or more`);
}

function jsonObject(bytes: Uint8Array): object {
  const text = new TextDecoder().decode(bytes);
  let json: unknown;
  try {
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new DataError("body: not valid JSON, got something else, expected an object of inputs by name");
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json;
  throw new DataError("body: not an object, got another value, expected inputs by name");
}

/** Levels of objects and lists, at most 4. */
const depthOf = (v: unknown, most = 4): number =>
  typeof v !== "object" || v === null || most === 0
    ? 0
    : 1 + Object.values(v).reduce<number>((depth, each) => Math.max(depth, depthOf(each, most - 1)), 0);

function ofTensor(name: string, { dtype, shape, data }: SafetensorsTensor): ShapedArray {
  if (dtype === "F32") return { dtype: "float32", shape, data };
  if (dtype === "I64") return { dtype: "int64", shape, data };
  throw new DataError(`${name}: unknown dtype, got ${dtype}, expected F32 or I64`);
}
