import { value } from "../graph/value.ts";
import type { Initializer, ModelParts, OnnxNode, ValueInfo } from "./model-proto.ts";

/** Batch sizes that a model is built for: primes that are no width of a layer, and are told from one in each constant. */
const sizes = [61, 67, 71] as const;

/** Name of the extent that varies. */
const batchName = "batch";

/**
 * One model for any batch size, of a function that builds it for one. Shapes are constants of a model (of Reshape, Expand, Slice): those that differ
 * between two sizes are taken for linear in the batch size, offset + slope batch, which a third size confirms, and are computed from the first input's
 * extent, or read from an input `batch`, int64 [1], where none has it. Undefined where the models differ in anything else, so that no model is written
 * which is right for some sizes alone. Every input that has the batch in its shape has it first.
 */
export function anyBatch(build: (batch: number) => ModelParts): ModelParts | undefined {
  const models = sizes.map(build);
  const [first] = models as [ModelParts];
  const leading = first.inputs.find(({ type }) => type.shape[0] === sizes[0]);
  const skeleton = ({ nodes, initializers }: ModelParts): string =>
    JSON.stringify([nodes, initializers.map(({ name, held }) => [name, held.dtype])]);
  if (models.some((model) => skeleton(model) !== skeleton(first))) return undefined;
  const nodes: OnnxNode[] = [];
  const initializers: Initializer[] = [];
  const ints = (name: string, values: readonly number[]): void => {
    initializers.push({ name, held: value("int64", [values.length], [...values]) });
  };
  for (const [i, { name, held }] of first.initializers.entries()) {
    const all = models.map((model) => model.initializers[i]!.held);
    if (all.every((each) => sameValue(each, held))) {
      initializers.push({ name, held });
      continue;
    }
    const [a, b, c] = all as [Initializer["held"], Initializer["held"], Initializer["held"]];
    if (held.dtype !== "int64" || held.shape.length !== 1 || all.some((each) => `${each.shape}` !== `${held.shape}`))
      return undefined;
    const lines = Array.from(held.data, (_, k) => lineThrough([a.data[k]!, b.data[k]!, c.data[k]!]));
    if (lines.includes(undefined)) return undefined;
    ints(
      `${name}.slope`,
      lines.map((line) => line!.slope),
    );
    ints(
      `${name}.offset`,
      lines.map((line) => line!.offset),
    );
    const node = (opType: string, inputs: readonly string[], output: string): void => {
      nodes.push({ opType, inputs, outputs: [output], attrs: {} });
    };
    node("Mul", [batchName, `${name}.slope`], `${name}.scaled`);
    node("Add", [`${name}.scaled`, `${name}.offset`], name);
  }
  const extent: readonly OnnxNode[] = leading
    ? [{ opType: "Shape", inputs: [leading.name], outputs: [batchName], attrs: { start: 0, end: 1 } }]
    : [];
  const named = (which: "inputs" | "outputs"): readonly ValueInfo[] | undefined => {
    const infos = first[which].map(({ name, type }, i): ValueInfo | undefined => {
      const shape = type.shape.map((_, k) => extentName(models.map((model) => model[which][i]!.type.shape[k])));
      return shape.includes(undefined) ? undefined : { name, type: { dtype: type.dtype, shape: shape as string[] } };
    });
    return infos.includes(undefined) ? undefined : (infos as ValueInfo[]);
  };
  const [inputs, outputs] = [named("inputs"), named("outputs")];
  if (!inputs || !outputs) return undefined;
  const asked: readonly ValueInfo[] =
    nodes.length > 0 && !leading ? [{ name: batchName, type: { dtype: "int64", shape: [1] } }] : [];
  return {
    nodes: [...(nodes.length > 0 ? extent : []), ...nodes, ...first.nodes],
    initializers,
    inputs: [...asked, ...inputs],
    outputs,
  };
}

const sameValue = (a: Initializer["held"], b: Initializer["held"]): boolean =>
  a === b || (`${a.shape}` === `${b.shape}` && a.data.every((v, i) => Object.is(v, b.data[i])));

interface Line {
  readonly slope: number;
  readonly offset: number;
}

/** The line of whole numbers through the values at the three sizes. */
function lineThrough([a, b, c]: readonly [number, number, number]): Line | undefined {
  const slope = (b - a) / (sizes[1] - sizes[0]);
  const offset = a - slope * sizes[0];
  return Number.isInteger(slope) && c === offset + slope * sizes[2] ? { slope, offset } : undefined;
}

/** An extent as it is, or named by what it is of the batch. */
function extentName(values: readonly (number | string | undefined)[]): number | string | undefined {
  const [a, b, c] = values as readonly [number, number, number];
  const line = lineThrough([a, b, c]);
  if (!line) return undefined;
  if (line.slope === 0) return line.offset;
  const scaled = line.slope === 1 ? batchName : `${line.slope}*${batchName}`;
  return line.offset === 0 ? scaled : `${scaled}+${line.offset}`;
}
