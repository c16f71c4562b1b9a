import { Input, Noise, type Tensor, Variable } from "../../graph/tensor.ts";
import { substitute, topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import { variables } from "../../nn/module.ts";
import { anyBatch } from "../../onnx/any-batch.ts";
import { lowered } from "../../onnx/emit.ts";
import { type Initializer, modelProto, type ModelParts, type ValueInfo } from "../../onnx/model-proto.ts";
import type { LoadedRun } from "../load-run.ts";
import { type ModelGraph, modelGraphs } from "./model-graphs.ts";

/** One function of a model as an ONNX file. */
export interface ExportedGraph {
  readonly name: string;
  readonly about: string;
  readonly bytes: Uint8Array;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** What each input of noise is to be drawn from, independently: N(0, 1), or uniform on [0, 1). */
  readonly noise: Readonly<Record<string, "normal" | "uniform">>;
  /** Whether it takes any batch size, or this one alone. */
  readonly batch: "any" | number;
}

/** Weights of a run by their path in the model, and as constants of graphs. */
export type Weights = ReadonlyMap<Variable, Initializer>;

/** The weights that commands use: moving averages where the run kept them. */
export async function readWeights({ trained }: Pick<LoadedRun, "trained">): Promise<Weights> {
  const { model, store, emaWeights } = trained;
  const read = async ([name, variable]: [string, Variable]): Promise<[Variable, Initializer]> => {
    const held = await store.read(emaWeights.get(variable) ?? variable);
    return [
      variable,
      { name, held: value(variable.dtype, variable.shape, Array.from<number | bigint, number>(held, Number)) },
    ];
  };
  return new Map(await Promise.all([...variables(model)].map(read)));
}

/** The functions of a run's model as ONNX files in the default domain, with their weights inside, in the order of `modelGraphs`. */
export const exportedGraphs = (
  { trained }: Pick<LoadedRun, "trained">,
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
): readonly ExportedGraph[] => modelGraphs(trained).map((graph) => exported(graph, weights, metadata));

function exported(graph: ModelGraph, weights: Weights, metadata: Readonly<Record<string, string>>): ExportedGraph {
  const noise: Record<string, "normal" | "uniform"> = {};
  const parts = (batch: number): ModelParts => partsOf(graph, batch, weights, noise);
  const flexible = anyBatch(parts);
  const made = flexible ?? parts(1);
  const { inputs, outputs } = made;
  const { name, about } = graph;
  const read = Object.fromEntries(Object.entries(noise).filter(([key]) => inputs.some((input) => input.name === key)));
  return {
    name,
    about,
    bytes: modelProto({ ...made, description: about, metadata: { ...metadata, function: name } }),
    inputs,
    outputs,
    noise: read,
    batch: flexible ? "any" : 1,
  };
}

/** A graph for one batch size, its weights constants by their names and its noise inputs. */
function partsOf(
  graph: ModelGraph,
  batch: number,
  weights: Weights,
  noise: Record<string, "normal" | "uniform">,
): ModelParts {
  const { inputs, outputs } = graph.build(batch);
  const names = new Map<Tensor, string>(Array.from(inputs.values(), (input) => [input, input.name]));
  const drawn = new Map<Tensor, Tensor>();
  for (const t of topologicalOrder([...outputs.values()])) {
    if (t instanceof Noise) {
      const input = new Input(`noise.${drawn.size}`, t.shape);
      drawn.set(t, input);
      names.set(input, input.name);
      noise[input.name] = t.distribution;
    } else if (t instanceof Variable) names.set(t, weights.get(t)!.name);
  }
  const asked = substitute([...outputs.values()], drawn);
  const all = new Map([...outputs.keys()].map((name, i) => [name, asked[i]!]));
  const { nodes, initializers, ...ends } = lowered({
    inputs: names,
    outputs: all,
    // Standard nodes alone, as other runtimes have them.
    target: { kind: "cpu", without: ["batch-last"] },
  });
  const byName = new Map(Array.from(weights.values(), (weight) => [weight.name, weight]));
  const read = ends.inputs.flatMap(({ name }) => byName.get(name) ?? []);
  const order = [...names.values()];
  return {
    nodes,
    initializers: [...read, ...initializers],
    inputs: ends.inputs
      .filter(({ name }) => !byName.has(name))
      .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    outputs: ends.outputs,
  };
}

/** A weight's values as its type stores them. */
export const storedValues = ({ dtype, data }: Value): Float32Array | BigInt64Array =>
  dtype === "int64" ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
