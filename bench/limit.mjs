/**
 * The matrix products of one step alone, as Gemm nodes of one ONNX Runtime session with preallocated outputs: a lower bound on the time of
 * any engine that computes the same products. `peers.py limit-torch` runs the same list through torch.mm.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { serve } from "./protocol.mjs";

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

const number = (/** @type {number} */ field, /** @type {number} */ value) => [...varint(field * 8), ...varint(value)];

/**
 * @param {number} field
 * @param {string | number[]} value
 */
function bytes(field, value) {
  const content = typeof value === "string" ? [...Buffer.from(value)] : value;
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

/** A ModelProto of Gemm nodes x_i, y_i -> out_i (field numbers of onnx.proto; float32 is 1, attribute type INT is 2). */
function gemmModel(gemms) {
  const value = (name, shape) => {
    const dims = shape.flatMap((size) => bytes(1, number(1, size)));
    return [...bytes(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, dims)]))];
  };
  const flag = (name, on) => bytes(5, [...bytes(1, name), ...number(3, Number(on)), ...number(20, 2)]);
  const inputs = new Map(gemms.flatMap(({ x, y }) => [x, y]).map((tensor) => [tensor.name, tensor.shape]));
  const graph = [
    ...gemms.flatMap(({ x, y, out, product }) =>
      bytes(1, [
        ...bytes(1, x.name),
        ...bytes(1, y.name),
        ...bytes(2, out.name),
        ...bytes(4, "Gemm"),
        ...flag("transA", product.transposeX),
        ...flag("transB", product.transposeY),
      ]),
    ),
    ...bytes(2, "products"),
    ...[...inputs].flatMap(([name, shape]) => bytes(11, value(name, shape))),
    ...gemms.flatMap(({ out }) => bytes(12, value(out.name, out.shape))),
  ];
  const opset = bytes(8, [...bytes(1, ""), ...number(2, 17)]);
  return new Uint8Array([...number(1, 8), ...opset, ...bytes(7, graph)]);
}

await serve(async ({ products }, { threads }) => {
  const random = (shape) =>
    new Tensor("float32", Float32Array.from({ length: shape[0] * shape[1] }, Math.random), shape);
  const gemms = products.map((product, index) => {
    const { m, k, n, transposeX, transposeY } = product;
    const xShape = transposeX ? [k, m] : [m, k];
    const yShape = transposeY ? [n, k] : [k, n];
    return {
      product,
      // Products of the same shape use the same operands: only the arithmetic matters.
      x: { name: `x_${xShape.join("x")}`, shape: xShape },
      y: { name: `y_${yShape.join("x")}`, shape: yShape },
      out: { name: `out_${index}`, shape: [m, n] },
    };
  });
  const session = await InferenceSession.create(gemmModel(gemms), { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const feeds = Object.fromEntries(gemms.flatMap(({ x, y }) => [x, y]).map(({ name, shape }) => [name, random(shape)]));
  const fetches = Object.fromEntries(gemms.map(({ out }) => [out.name, random(out.shape)]));
  return {
    note: "ONNX Runtime Gemm",
    check: async () => ({ checks: [] }),
    async run(steps) {
      for (let i = 0; i < steps; i++) await session.run(feeds, fetches);
    },
  };
});
