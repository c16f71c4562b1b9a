import { fuse } from "../graph/fuse.ts";
import type { LoweringTarget, OnnxEmitter, Rewrite } from "../graph/op.ts";
import { bytesPerElement } from "../graph/shape.ts";
import { Constant, type Tensor } from "../graph/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { type Value, value } from "../graph/value.ts";
import { runsMlas, withBatchLast } from "../ops/batch-last.ts";
import { type Initializer, type ModelParts, modelProto, type OnnxNode, type ValueInfo } from "./model-proto.ts";

export interface OnnxProgram {
  /** Leaves that the graph reads, by feed name. A leaf that no output depends on is left out of the model. */
  readonly inputs: ReadonlyMap<Tensor, string>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly target: LoweringTarget;
}

/** A model before it is written, and what it costs. */
export interface LoweredModel extends ModelParts {
  readonly work: number;
  readonly computedBytes: number;
}

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
  const { work, computedBytes, ...model } = lowered(program);
  const bytes = modelProto({ ...model, unreturnable: program.target.unreturnable === true });
  return { bytes, inputs: model.inputs.map(({ name }) => name), nodes: model.nodes.length, work, computedBytes };
}

/** The nodes and constants of a model, after target-specific fusion. */
export function lowered(program: OnnxProgram): LoweredModel {
  const outputNames = [...program.outputs.keys()];
  const asked = [...program.outputs.values()];
  const laidOut = arranged(asked, program.target);
  const roots = program.target.without?.includes("fusion") ? laidOut : fuse(laidOut);
  const nodes: OnnxNode[] = [];
  const made = new Map<string, readonly string[]>();
  const initializers = new Map<string, Initializer>();

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
  const read: ValueInfo[] = [];
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
      read.push({ name: fed, type: t });
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
  return {
    nodes: nodes.map(({ opType, inputs, outputs, attrs }) => ({
      opType,
      inputs: inputs.map(final),
      outputs: outputs.map(final),
      attrs,
    })),
    initializers: [...initializers.values()],
    inputs: read,
    outputs: roots.map((type, i) => ({ name: outputNames[i]!, type })),
    work,
    computedBytes,
  };
}

/** Equal tensors in the layouts that are fastest on the target. */
function arranged(roots: readonly Tensor[], target: LoweringTarget): readonly Tensor[] {
  const has = (rewrite: Rewrite): boolean => !target.without?.includes(rewrite);
  const blocks = has("blocks") ? (target.blocks?.(roots) ?? roots) : roots;
  return runsMlas(target) && has("batch-last") ? withBatchLast(blocks) : blocks;
}
