import type { Tensor as OrtTensor } from "onnxruntime-common";
import { ShapeError } from "../errors.ts";
import { type DType, formatType, type Shape, sizeOf, type TensorType } from "../graph/shape.ts";
import type { Device } from "./device.ts";

/** A row-major array as exchanged with a device: float32, float64, int64 as bigint, bool as bytes. */
export type HostArray = Float32Array | Float64Array | BigInt64Array | Uint8Array;

export function allocate(dtype: DType, size: number): HostArray {
  if (dtype === "float32") return new Float32Array(size);
  if (dtype === "float64") return new Float64Array(size);
  return dtype === "int64" ? new BigInt64Array(size) : new Uint8Array(size);
}

const arrayNames = { float32: "Float32Array", float64: "Float64Array", int64: "BigInt64Array", bool: "Uint8Array" };

/** Throws ShapeError, prefixed by `what`, where an array does not hold exactly a tensor of this type. */
export function checkHolds(what: string, data: HostArray, type: TensorType): void {
  const [kind, size] = [arrayNames[type.dtype], sizeOf(type.shape)];
  if (data.constructor.name !== kind || data.length !== size)
    throw new ShapeError(
      `${what}, got a ${data.constructor.name} of ${data.length}, expected a ${kind} of ${size} for ${formatType(type)}`,
    );
}

/** An ONNX Runtime tensor that views an array; no copy is made. */
export function ortTensor(
  { Tensor }: Device,
  data: HostArray,
  { dtype, shape }: { dtype: DType; shape: Shape },
): OrtTensor {
  if (dtype === "float32" && data instanceof Float32Array) return new Tensor("float32", data, shape);
  if (dtype === "float64" && data instanceof Float64Array) return new Tensor("float64", data, shape);
  if (dtype === "int64" && data instanceof BigInt64Array) return new Tensor("int64", data, shape);
  if (dtype === "bool" && data instanceof Uint8Array) return new Tensor("bool", data, shape);
  throw new TypeError(`an array of ${data.constructor.name} does not hold ${dtype}[${shape}]`);
}

/** The array of a CPU tensor. */
export function hostArray(tensor: OrtTensor): HostArray {
  const data = tensor.data;
  if (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof BigInt64Array ||
    data instanceof Uint8Array
  )
    return data;
  throw new TypeError(`a tensor of ${tensor.type} has no place here`);
}
