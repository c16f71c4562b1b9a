/** Outputs as a client accepts them. */
import type { Context } from "hono";
import { csvLine } from "../data/formats/csv.ts";
import { DataError } from "../errors.ts";
import { gridRaster, kindOf } from "../kinds/registry.ts";
import { encodePng } from "../pictures/png.ts";
import type { LoadedRun } from "../runs/load-run.ts";
import { joinBytes } from "../serialization/join-bytes.ts";
import { safetensorsChunks, type SafetensorsTensor } from "../serialization/safetensors.ts";
import { toNested } from "./json-arrays.ts";
import { safetensorsType } from "./request-body.ts";
import type { Arrays } from "./json-arrays.ts";

/** JSON lists, safetensors, and of examples a picture or a table. `examplesOf`: the run that they are examples of. */
export function answer(c: Context, { trained, run }: LoadedRun, found: Arrays): Response {
  const accepted = c.req.header("accept") ?? "";
  if (accepted.includes("image/png"))
    return c.body(examplesPng(trained, examplesAmong(found, trained, "draw")), 200, { "content-type": "image/png" });
  if (accepted.includes("text/csv")) {
    const { columns } = run.info.data;
    const rows = kindOf(trained.kind).rows;
    if (!columns || !rows)
      throw new DataError(`accept: examples are no table, got text/csv for ${trained.kind}, expected application/json`);
    const lines = [columns.map(({ name }) => name), ...rows(examplesAmong(found, trained, "write"), columns)];
    return c.body(lines.map((line) => csvLine(line)).join(""), 200, { "content-type": "text/csv; charset=utf-8" });
  }
  if (accepted.includes(safetensorsType) || accepted.includes("application/octet-stream")) {
    const tensors = Object.entries(found).map(([name, { shape, data }]): [string, SafetensorsTensor] =>
      data instanceof BigInt64Array
        ? [name, { dtype: "I64", shape, data }]
        : [name, { dtype: "F32", shape, data: data as Float32Array }],
    );
    return c.body(joinBytes(safetensorsChunks(new Map(tensors))), 200, { "content-type": safetensorsType });
  }
  return c.json(jsonOf(found));
}

/** Outputs as nested lists by name. */
export const jsonOf = (found: Arrays): object =>
  Object.fromEntries(Object.entries(found).map(([name, array]) => [name, toNested(array)]));

/** Examples [count, ...shape] as a picture, nearly square. */
export function examplesPng(
  { shape, kind }: Pick<LoadedRun["trained"], "shape" | "kind">,
  examples: Float32Array,
): Uint8Array<ArrayBuffer> {
  const count = examples.length / shape.reduce((size, d) => size * d, 1);
  const columns = Math.ceil(Math.sqrt(count));
  return encodePng(gridRaster({ sets: [examples], count, columns, shape, kind })) as Uint8Array<ArrayBuffer>;
}

function examplesAmong(found: Arrays, { shape }: Pick<LoadedRun["trained"], "shape">, verb: string): Float32Array {
  const examples = Object.values(found).find((each) => each.shape.slice(1).join() === shape.join())?.data;
  if (examples instanceof Float32Array) return examples;
  throw new DataError(
    `accept: no examples to ${verb}, got ${Object.keys(found).join(", ")}, expected application/json`,
  );
}
