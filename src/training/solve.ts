import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import type { Examples, Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";
import type { FitEvent } from "./fit.ts";

/** Examples a run of a graph: enough for a matrix product to be fast, few enough to be held twice. */
const batchSize = 1000;

/**
 * What `fit` is to other models, for one that has a closed form: a single step, after which its variables have the values found
 * from every example of the split, binarized by the fixed sample of evaluations. Nothing where that step is done already.
 */
export async function* solve(
  model: Model,
  options: {
    readonly store: VariableStore;
    readonly split: Split;
    readonly binarize: Binarization;
    readonly from?: number;
  },
): AsyncGenerator<FitEvent> {
  const { store, from = 0, ...data } = options;
  if (!model.solve || from > 0) return;
  const solution = await model.solve({
    count: data.split.indices.length,
    total: (statistics) => totalOver(statistics, { store, ...data }),
    visit: (each) => visitAll(each, data),
  });
  for (const [variable, values] of solution) await store.write(variable, values);
  yield { step: 1, epoch: 1, epochEnds: true };
}

type SolvedData = { readonly split: Split; readonly binarize: Binarization };

const batchesOf = ({ split, binarize }: SolvedData): Batches =>
  new Batches(split, { batchSize: Math.min(batchSize, split.indices.length), purpose: "evaluation", binarize });

function visitAll(each: Parameters<Examples["visit"]>[0], data: SolvedData): void {
  const batches = batchesOf(data);
  const x = new Float32Array(batchSize * batches.exampleSize);
  for (const cursor of batches.epoch()) each(x, batches.fillExamples(x, cursor));
}

async function totalOver(
  statistics: Parameters<Examples["total"]>[0],
  { store, split, binarize }: SolvedData & { readonly store: VariableStore },
): Promise<Readonly<Record<string, Float64Array>>> {
  const batches = batchesOf({ split, binarize });
  const totals: Record<string, Float64Array> = {};
  const programs = new Map<number, { readonly program: Program; readonly names: readonly string[]; x: Float32Array }>();
  const programFor = (size: number) => {
    const x = new Input("x", [size, ...split.dataset.shape]);
    const outputs = new Map<string, Tensor>(Object.entries(statistics(x)));
    const program = new Program(store, { name: "solve", outputs });
    return { program, names: [...outputs.keys()], x: new Float32Array(x.size) };
  };
  try {
    for (const cursor of batches.epoch()) {
      const size = batches.indices(cursor).length;
      // The last batch may be short: it has a program of its own.
      const held = programs.get(size) ?? programFor(size);
      programs.set(size, held);
      batches.fillExamples(held.x, cursor);
      const found = await held.program.run({ inputs: { x: held.x }, outputs: held.names });
      for (const name of held.names) {
        const part = found[name]!;
        const total = (totals[name] ??= new Float64Array(part.length));
        for (let i = 0; i < total.length; i++) total[i]! += Number(part[i]);
      }
    }
  } finally {
    for (const { program } of programs.values()) await program.release();
  }
  return totals;
}
