import type { OnnxAttribute } from "../graph/op.ts";
import type { DType } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** ONNX operator set and IR version of all models. */
export const opset = 20;
const irVersion = 9;

// Field numbers and enum values of onnx.proto3 (onnx/onnx, IR version 9).
const elementType: Record<DType, number> = { float32: 1, int64: 7, bool: 9, float64: 11 };
const attributeType = { float: 1, int: 2, string: 3, ints: 7 };

/** Name of the extra output of a target with `unreturnable`: an empty sequence. */
export const unreturnable = "unreturnable";

export interface OnnxNode {
  /** Of the default ONNX domain, or "domain:type". */
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttribute>>;
}

export interface Initializer {
  readonly name: string;
  readonly held: Value;
}

/** An input or output; an extent that is a name varies, those of one name alike. */
export interface ValueInfo {
  readonly name: string;
  readonly type: { readonly dtype: DType; readonly shape: readonly (number | string)[] };
}

export interface ModelParts {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface ModelOptions extends ModelParts {
  /** Whether there is an extra first output that cannot be converted to JavaScript: see runtime/node.ts. */
  readonly unreturnable?: boolean;
  /** Of the model's metadata, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string;
}

/** A model as the bytes of a ModelProto. */
export function modelProto({ nodes, initializers, inputs, outputs, ...options }: ModelOptions): Uint8Array {
  const { unreturnable: extra = false, metadata = {}, description } = options;
  const model = new ProtobufWriter();
  model.int(1, irVersion).string(2, "latentkit");
  if (description !== undefined) model.string(6, description);
  model.message(7, (graph) => {
    for (const node of nodes) graph.message(1, (m) => writeNode(m, node));
    graph.string(2, "program");
    for (const { name, held } of initializers) graph.message(5, (m) => writeTensor(m, name, held));
    for (const info of inputs) graph.message(11, (m) => writeValueInfo(m, info));
    if (extra) {
      const node = {
        opType: "SequenceEmpty",
        inputs: [],
        outputs: [unreturnable],
        attrs: { dtype: elementType.float32 },
      };
      graph.message(1, (m) => writeNode(m, node)).message(12, (m) => writeSequenceInfo(m, unreturnable));
    }
    for (const info of outputs) graph.message(12, (m) => writeValueInfo(m, info));
  });
  model.message(8, (m) => m.string(1, "").int(2, opset));
  for (const domain of new Set(nodes.flatMap(({ opType }) => domainOf(opType) || [])))
    model.message(8, (m) => m.string(1, domain).int(2, 1));
  for (const [key, text] of Object.entries(metadata)) model.message(14, (m) => m.string(1, key).string(2, text));
  return model.finish();
}

const domainOf = (opType: string): string => opType.slice(0, Math.max(0, opType.indexOf(":")));

function writeNode(m: ProtobufWriter, node: OnnxNode): void {
  for (const x of node.inputs) m.string(1, x);
  for (const y of node.outputs) m.string(2, y);
  m.string(4, node.opType.slice(node.opType.indexOf(":") + 1));
  for (const [name, v] of Object.entries(node.attrs))
    m.message(5, (a) => {
      a.string(1, name);
      if (typeof v === "number") a.int(3, v).int(20, attributeType.int);
      else if (typeof v === "string") a.string(4, v).int(20, attributeType.string);
      else if ("float" in v) a.float(2, v.float).int(20, attributeType.float);
      else {
        for (const i of v) a.int(8, i);
        a.int(20, attributeType.ints);
      }
    });
  const domain = domainOf(node.opType);
  if (domain !== "") m.string(7, domain);
}

function writeTensor(m: ProtobufWriter, name: string, { dtype, shape, data }: Value): void {
  for (const d of shape) m.int(1, d);
  const raw =
    dtype === "float32"
      ? Float32Array.from(data)
      : dtype === "float64"
        ? data
        : dtype === "int64"
          ? BigInt64Array.from(data, BigInt)
          : Uint8Array.from(data);
  m.int(2, elementType[dtype])
    .string(8, name)
    .bytes(9, new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength));
}

function writeValueInfo(m: ProtobufWriter, { name, type }: ValueInfo): void {
  m.string(1, name).message(2, (t) =>
    t.message(1, (tensor) =>
      tensor.int(1, elementType[type.dtype]).message(2, (shape) => {
        for (const d of type.shape)
          shape.message(1, (dim) => (typeof d === "string" ? dim.string(2, d) : dim.int(1, d)));
      }),
    ),
  );
}

/** A sequence of float32 tensors. */
function writeSequenceInfo(m: ProtobufWriter, name: string): void {
  m.string(1, name).message(2, (t) =>
    t.message(4, (sequence) =>
      sequence.message(1, (held) => held.message(1, (tensor) => tensor.int(1, elementType.float32))),
    ),
  );
}
