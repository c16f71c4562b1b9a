import { fuse } from "../graph/fuse.ts";
import type { LoweringTarget, OnnxAttribute, OnnxEmitter, Rewrite } from "../graph/op.ts";
import { bytesPerElement, type DType, type TensorType } from "../graph/shape.ts";
import { Constant, type Tensor } from "../graph/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { type Value, value } from "../graph/value.ts";
import { runsMlas, withBatchLast } from "../ops/batch-last.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** ONNX operator set and IR version of all models. */
export const opset = 20;
const irVersion = 9;

// Field numbers and enum values of onnx.proto3 (onnx/onnx, IR version 9).
const elementType: Record<DType, number> = { float32: 1, int64: 7, bool: 9, float64: 11 };
const attributeType = { float: 1, int: 2, string: 3, ints: 7 };

interface Node {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxProgram {
  /** Leaves that the graph reads, by feed name. A leaf that no output depends on is left out of the model. */
  readonly inputs: ReadonlyMap<Tensor, string>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly target: LoweringTarget;
}

/** Name of the extra output of a target with `unreturnable`: an empty sequence. */
export const unreturnable = "unreturnable";

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** Names of the inputs that the model has. */
  readonly inputs: readonly string[];
  readonly nodes: number;
  /** Number of elements computed, products counted by their multiplications. */
  readonly work: number;
  /** Bytes of all computed tensors, as if none took the place of another. */
  readonly computedBytes: number;
}

/** Bytes of computed tensors from which on memory counts more than the time of a few nodes. */
export const largeGraph = 256 * 2 ** 20;

/** Writes tensors as an ONNX model (ModelProto bytes), after target-specific fusion. */
export function toOnnx(program: OnnxProgram): OnnxModel {
  const outputNames = [...program.outputs.keys()];
  const asked = [...program.outputs.values()];
  const laidOut = arranged(asked, program.target);
  const roots = program.target.without?.includes("fusion") ? laidOut : fuse(laidOut);
  const nodes: Node[] = [];
  const made = new Map<string, readonly string[]>();
  const initializers = new Map<string, { name: string; held: Value }>();

  const constant = (held: Value): string => {
    const key =
      held.data.length <= 64
        ? `${held.dtype}|${held.shape}|${Array.from(held.data, (v) => (Object.is(v, -0) ? "-0" : v)).join()}`
        : `#${initializers.size}`;
    let known = initializers.get(key);
    if (!known) initializers.set(key, (known = { name: `c${initializers.size}`, held }));
    return known.name;
  };
  const emitNodes: OnnxEmitter["nodes"] = (opType, inputs, outputs, attrs = {}) => {
    const key = JSON.stringify([opType, inputs, outputs, attrs]);
    let names = made.get(key);
    if (!names) {
      names = Array.from({ length: outputs }, (_, i) => `v${made.size}${outputs > 1 ? `_${i}` : ""}`);
      made.set(key, names);
      nodes.push({ opType, inputs, outputs: names, attrs });
    }
    return names;
  };
  const emitter: OnnxEmitter = {
    target: program.target,
    node: (opType, inputs, attrs) => emitNodes(opType, inputs, 1, attrs)[0]!,
    nodes: emitNodes,
    ints: (values) => constant(value("int64", [values.length], values)),
    scalar: (dtype, v) => constant(value(dtype, [], [v])),
    constant,
  };

  const names = new Map<Tensor, string>();
  const read: [Tensor, string][] = [];
  let work = 0;
  let computedBytes = 0;
  for (const t of topologicalOrder(roots)) {
    const fed = program.inputs.get(t);
    if (t.inputs.length > 0) {
      work += t.op.work?.(t.inputs, t) ?? t.size;
      computedBytes += t.size * bytesPerElement[t.dtype];
    }
    if (fed !== undefined) {
      names.set(t, fed);
      read.push([t, fed]);
    } else if (t instanceof Constant) names.set(t, constant(t.value));
    else if (t.inputs.length === 0)
      throw new Error(`toOnnx: a ${t.op.name} of shape [${t.shape}] is not among the inputs`);
    else
      names.set(
        t,
        t.op.lower(
          emitter,
          t.inputs.map((x) => names.get(x)!),
          { attrs: t.attrs, types: t.inputs, type: t },
        ),
      );
  }

  // A node's value takes an output's name directly; inputs, constants and already named values are copied by Identity.
  const renamed = new Map<string, string>();
  const produced = new Set(nodes.flatMap((n) => n.outputs));
  roots.forEach((root, i) => {
    const name = names.get(root)!;
    if (produced.has(name) && !renamed.has(name)) renamed.set(name, outputNames[i]!);
    else nodes.push({ opType: "Identity", inputs: [name], outputs: [outputNames[i]!], attrs: {} });
  });
  const final = (name: string): string => renamed.get(name) ?? name;

  const model = new ProtobufWriter();
  model.int(1, irVersion).string(2, "latentkit");
  model.message(7, (graph) => {
    for (const node of nodes) graph.message(1, (m) => writeNode(m, node, final));
    graph.string(2, "program");
    for (const { name, held } of initializers.values()) graph.message(5, (m) => writeTensor(m, name, held));
    for (const [t, name] of read) graph.message(11, (m) => writeValueInfo(m, name, t));
    if (program.target.unreturnable) {
      const node = {
        opType: "SequenceEmpty",
        inputs: [],
        outputs: [unreturnable],
        attrs: { dtype: elementType.float32 },
      };
      graph.message(1, (m) => writeNode(m, node, final)).message(12, (m) => writeSequenceInfo(m, unreturnable));
    }
    roots.forEach((t, i) => graph.message(12, (m) => writeValueInfo(m, outputNames[i]!, t)));
  });
  model.message(8, (m) => m.string(1, "").int(2, opset));
  for (const domain of new Set(nodes.flatMap(({ opType }) => domainOf(opType) || [])))
    model.message(8, (m) => m.string(1, domain).int(2, 1));
  return { bytes: model.finish(), inputs: read.map(([, name]) => name), nodes: nodes.length, work, computedBytes };
}

/** Equal tensors in the layouts that are fastest on the target. */
function arranged(roots: readonly Tensor[], target: LoweringTarget): readonly Tensor[] {
  const has = (rewrite: Rewrite): boolean => !target.without?.includes(rewrite);
  const blocks = has("blocks") ? (target.blocks?.(roots) ?? roots) : roots;
  return runsMlas(target) && has("batch-last") ? withBatchLast(blocks) : blocks;
}

const domainOf = (opType: string): string => opType.slice(0, Math.max(0, opType.indexOf(":")));

function writeNode(m: ProtobufWriter, node: Node, final: (name: string) => string): void {
  for (const x of node.inputs) m.string(1, final(x));
  for (const y of node.outputs) m.string(2, final(y));
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

function writeValueInfo(m: ProtobufWriter, name: string, type: TensorType): void {
  m.string(1, name).message(2, (t) =>
    t.message(1, (tensor) =>
      tensor.int(1, elementType[type.dtype]).message(2, (shape) => {
        for (const d of type.shape) shape.message(1, (dim) => dim.int(1, d));
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
