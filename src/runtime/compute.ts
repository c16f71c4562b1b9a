import type { Tensor as OrtTensor } from "onnxruntime-common";
import type { DType } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { toOnnx } from "../onnx/emit.ts";
import type { Device } from "./device.ts";
import { hostArray, ortTensor } from "./host-array.ts";

/** A reference value in the device's dtype. */
function toOrt(device: Device, value: Value): OrtTensor {
  const { dtype, data } = value;
  if (dtype === "float32") return ortTensor(device, Float32Array.from(data), value);
  if (dtype === "float64") return ortTensor(device, data, value);
  return ortTensor(device, dtype === "int64" ? BigInt64Array.from(data, BigInt) : Uint8Array.from(data), value);
}

function fromOrt(tensor: OrtTensor): Value {
  const data = hostArray(tensor);
  const numbers = data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data);
  return value(tensor.type as DType, tensor.dims, numbers);
}

/**
 * Evaluates tensors once on a device, given values of their leaves: for tests and one-off computations, not for loops.
 *
 * @example
 * const device = await cpuDevice();
 * const [product] = await compute(device, [constant([1, 2], [1, 2]).matmul(constant([3, 4], [2, 1]))]);
 * product!.data; // [11]
 */
export async function compute(
  device: Device,
  roots: readonly Tensor[],
  leaves: ReadonlyMap<Tensor, Value> = new Map(),
): Promise<Value[]> {
  const inputs = new Map([...leaves.keys()].map((t, i) => [t, `x${i}`]));
  const outputs = new Map(roots.map((t, i) => [`y${i}`, t]));
  const model = toOnnx({ inputs, outputs, target: device.target });
  const session = await device.load(model, []);
  try {
    const feeds = [...leaves].flatMap(([t, v]) => {
      const name = inputs.get(t)!;
      return model.inputs.includes(name) ? [[name, toOrt(device, v)] as const] : [];
    });
    const fetched = await session.run(
      Object.fromEntries(feeds),
      Object.fromEntries([...outputs.keys()].map((name) => [name, null])),
    );
    return roots.map((_, i) => fromOrt(fetched[`y${i}`]!));
  } finally {
    await session.release();
  }
}
