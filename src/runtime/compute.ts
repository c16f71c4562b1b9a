import { Tensor as OrtTensor } from "onnxruntime-common";
import type { DType } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { toOnnx } from "../onnx/emit.ts";
import type { Device } from "./device.ts";

/** A host tensor in the device's own dtype. */
export function toOrt({ dtype, shape, data }: Value): OrtTensor {
  switch (dtype) {
    case "float32":
      return new OrtTensor("float32", Float32Array.from(data), shape);
    case "float64":
      return new OrtTensor("float64", data, shape);
    case "int64":
      return new OrtTensor("int64", BigInt64Array.from(data, BigInt), shape);
    case "bool":
      return new OrtTensor("bool", Uint8Array.from(data), shape);
  }
}

export function fromOrt(tensor: OrtTensor): Value {
  const data = tensor.data;
  if (typeof data[0] === "string") throw new TypeError("a string tensor has no value here");
  const numbers =
    data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data as ArrayLike<number>);
  return value(tensor.type as DType, tensor.dims, numbers);
}

/** Runs tensors once on a device, with values for their leaves: for tests and for one-off questions, not for loops. */
export async function compute(
  device: Device,
  roots: readonly Tensor[],
  leaves: ReadonlyMap<Tensor, Value> = new Map(),
): Promise<Value[]> {
  const inputs = new Map([...leaves.keys()].map((t, i) => [t, `x${i}`]));
  const outputs = new Map(roots.map((t, i) => [`y${i}`, t]));
  const model = toOnnx({ inputs, outputs, target: device.target });
  const session = await device.load(model.bytes, []);
  try {
    const feeds = [...leaves].flatMap(([t, v]) => {
      const name = inputs.get(t)!;
      return model.inputs.includes(name) ? [[name, toOrt(v)] as const] : [];
    });
    const fetched = await session.run(Object.fromEntries(feeds));
    return roots.map((_, i) => fromOrt(fetched[`y${i}`]!));
  } finally {
    await session.release();
  }
}
