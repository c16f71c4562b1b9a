/** The Open Inference Protocol, version 2, over HTTP, with the binary tensor extension: what KServe and Triton clients speak. */
import { z } from "zod";
import { DataError } from "../errors.ts";
import type { DType } from "../graph/shape.ts";
import { joinBytes } from "../serialization/join-bytes.ts";
import { fromFlat, toFlat } from "./json-arrays.ts";
import type { Arrays, ShapedArray } from "./json-arrays.ts";
import type { ServedFunction } from "./served-function.ts";

const datatypes = { float32: "FP32", int64: "INT64", bool: "BOOL", float64: "FP64" } as const satisfies Record<
  DType,
  string
>;
const dtypeOf = (datatype: string): DType | undefined =>
  (Object.keys(datatypes) as DType[]).find((dtype) => datatypes[dtype] === datatype);
const bytesOf = { float32: 4, int64: 8, bool: 1, float64: 8 } as const;

const parameters = z.record(z.string().max(100), z.unknown()).optional();
const requestSchema = z.object({
  id: z.string().max(200).optional(),
  parameters,
  inputs: z
    .array(
      z.object({
        name: z.string().max(200),
        shape: z.array(z.int().min(0).max(1e9)).max(8),
        datatype: z.string().max(20),
        parameters,
        data: z.array(z.unknown()).optional(),
      }),
    )
    .max(100)
    .default([]),
  outputs: z
    .array(z.object({ name: z.string().max(200), parameters }))
    .max(100)
    .optional(),
});

/** Name of the header that says how many bytes of a body are JSON, where tensors follow as bytes. */
export const jsonLengthHeader = "inference-header-content-length";

export interface InferenceRequest {
  readonly id: string | undefined;
  readonly arrays: Arrays;
  readonly seed: number | undefined;
  readonly rows: number | undefined;
  /** The outputs that are asked for, with whether each is to be sent as bytes; all where missing. */
  readonly outputs: ReadonlyMap<string, boolean> | undefined;
  readonly binary: boolean;
}

/** Reads a request. `jsonLength`: of the header. Throws DataError naming what is wrong. */
export function readInference(body: Uint8Array, jsonLength: number | undefined): InferenceRequest {
  const jsonBytes = body.subarray(0, jsonLength ?? body.length);
  if (jsonLength !== undefined && !(Number.isSafeInteger(jsonLength) && jsonLength >= 0 && jsonLength <= body.length))
    throw new DataError(
      `${jsonLengthHeader}: not the length of the JSON, got ${jsonLength}, expected 0 to ${body.length}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(jsonBytes));
  } catch {
    throw new DataError("body: not valid JSON, got something else, expected an inference request");
  }
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DataError(
      `body.${issue!.path.join(".")}: ${issue!.message.toLowerCase()}, got another value, expected an inference request of version 2`,
    );
  }
  const { id, inputs, outputs, parameters: own = {} } = parsed.data;
  let at = jsonBytes.length;
  const arrays = new Map<string, ShapedArray>();
  for (const { name, shape, datatype, data, parameters: of = {} } of inputs) {
    const dtype = dtypeOf(datatype);
    if (!dtype)
      throw new DataError(
        `${name}: unknown datatype, got ${datatype}, expected ${Object.values(datatypes).join(", ")}`,
      );
    const length = of["binary_data_size"];
    if (length === undefined) {
      arrays.set(name, fromFlat((data ?? []).flat(8), shape, dtype, name));
      continue;
    }
    const size = shape.reduce((product, d) => product * d, 1) * bytesOf[dtype];
    if (length !== size || at + size > body.length)
      throw new DataError(
        `${name}: binary data do not fill the shape, got ${typeof length === "number" ? length : `a ${typeof length}`}, ${body.length - at} bytes left, expected ${size}`,
      );
    arrays.set(name, ofBytes(body.slice(at, at + size), shape, dtype));
    at += size;
  }
  return {
    id,
    arrays: Object.fromEntries(arrays),
    seed: wholeParameter(own, "seed"),
    rows: wholeParameter(own, "count"),
    outputs: outputs && new Map(outputs.map((each) => [each.name, each.parameters?.["binary_data"] === true])),
    binary: own["binary_data_output"] === true,
  };
}

function wholeParameter(own: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const v = own[name];
  if (v === undefined || (Number.isSafeInteger(v) && (v as number) >= 0)) return v as number | undefined;
  const got = typeof v === "number" ? v : `a ${typeof v}`;
  throw new DataError(`parameters.${name}: not a whole number, got ${got}, expected 0 or more`);
}

/** Bytes, aligned, as an array. */
function ofBytes(bytes: Uint8Array, shape: readonly number[], dtype: DType): ShapedArray {
  const { buffer } = bytes;
  const data =
    dtype === "float32"
      ? new Float32Array(buffer)
      : dtype === "int64"
        ? new BigInt64Array(buffer)
        : dtype === "float64"
          ? new Float64Array(buffer)
          : bytes;
  return { dtype, shape, data };
}

/** The answer to a request: JSON, or JSON with tensors as bytes behind it and the length of the JSON. Throws DataError for an output that there is not. */
export function writeInference(
  { model, version }: { readonly model: string; readonly version: string },
  { id, outputs, binary }: InferenceRequest,
  found: Arrays,
): { readonly body: Uint8Array; readonly jsonLength: number | undefined } {
  const unknown = [...(outputs?.keys() ?? [])].find((name) => !Object.hasOwn(found, name));
  if (unknown !== undefined)
    throw new DataError(`outputs: unknown output, got ${unknown}, expected ${Object.keys(found).join(", ")}`);
  const pieces: Uint8Array[] = [];
  const asked = [...(outputs?.keys() ?? Object.keys(found))];
  const written = asked.map((name) => {
    const { dtype, shape, data } = found[name]!;
    const datatype = datatypes[dtype];
    if (!(outputs?.get(name) ?? false) && !binary)
      return { name, datatype, shape, data: toFlat({ dtype, shape, data }) };
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { name, datatype, shape, parameters: { binary_data_size: data.byteLength } };
  });
  const json = new TextEncoder().encode(
    JSON.stringify({ model_name: model, model_version: version, ...(id !== undefined && { id }), outputs: written }),
  );
  if (pieces.length === 0) return { body: json, jsonLength: undefined };
  return { body: joinBytes([json, ...pieces]), jsonLength: json.length };
}

/** What the protocol says of a function. */
export function inferenceMetadata(name: string, version: string, { inputs, graph }: ServedFunction): object {
  const described = ({ name: of, type }: ServedFunction["inputs"][number]): object => ({
    name: of,
    datatype: datatypes[type.dtype],
    shape: type.shape.map((d) => (typeof d === "string" ? -1 : d)),
  });
  return {
    name,
    versions: [version],
    platform: "latentkit_onnx",
    inputs: inputs.map(described),
    outputs: graph.outputs.map(described),
  };
}
