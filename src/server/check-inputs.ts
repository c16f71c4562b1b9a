import { ConfigError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import type { ValueInfo } from "../onnx/model-proto.ts";
import type { Arrays, ShapedArray } from "./json-arrays.ts";

/** Throws ConfigError for an array that is none of the inputs, one that is missing, and one that does not fit. `others`: what else there may be. */
export function checkInputs(arrays: Arrays, inputs: readonly ValueInfo[], others: readonly string[] = []): void {
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(arrays).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const known = [...names, ...others];
    const nearest = nearestName(unknown.slice(0, 100), known);
    throw new ConfigError(
      `${unknown}: unknown input, got "${unknown}", expected ${known.join(", ") || "none"}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  }
  for (const info of inputs) checkInput(info, arrays[info.name]);
}

/** Throws ConfigError where an input is missing, of another type, or not of numbers. */
function checkInput({ name, type }: ValueInfo, array: ShapedArray | undefined): void {
  const wanted = `${type.dtype} [${type.shape.join(", ")}]`;
  if (!array) throw new ConfigError(`${name}: input is missing, got none, expected ${wanted}`);
  const fits =
    array.dtype === type.dtype &&
    array.shape.length === type.shape.length &&
    type.shape.every((d, i) => typeof d === "string" || d === array.shape[i]);
  if (!fits)
    throw new ConfigError(
      `${name}: input does not fit, got ${array.dtype} [${array.shape.join(", ")}], expected ${wanted}`,
    );
  const wrong = (array.data as Float32Array).findIndex((v) => typeof v === "number" && !Number.isFinite(v));
  if (wrong !== -1)
    throw new ConfigError(
      `${name}: a value is not finite, got ${String(array.data[wrong])} at ${wrong}, expected numbers`,
    );
}
