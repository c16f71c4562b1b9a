import { samplingPlan } from "../runs/export/model-graphs.ts";
import { exportedGraphs, readWeights } from "../runs/export/exported-model.ts";
import type { LoadedRun } from "../runs/load-run.ts";
import { ServedFunction, type ServingLimits } from "./served-function.ts";

/** A run whose functions are served, by name. */
export interface ServedRun {
  readonly name: string;
  readonly loaded: LoadedRun;
  readonly functions: ReadonlyMap<string, ServedFunction>;
  release(): Promise<void>;
}

/** Compiles the functions of a run that answer at once: a sampler of many steps is none of them. */
export async function serveRun(loaded: LoadedRun, name: string, limits: ServingLimits): Promise<ServedRun> {
  const { model, store } = loaded.trained;
  const weights = await readWeights(loaded);
  const plan = samplingPlan(model);
  const defaults = Object.fromEntries(
    Object.entries(plan?.options ?? {}).flatMap(([option, v]) =>
      typeof v === "number" ? [[`option.${option}`, v] as const] : [],
    ),
  );
  const functions = new Map<string, ServedFunction>();
  for (const graph of exportedGraphs(loaded, weights, {}))
    if (graph.batch === "any" && !graph.name.startsWith("sampler_"))
      functions.set(graph.name, await ServedFunction.load(graph, { device: store.device, limits, defaults }));
  return {
    name,
    loaded,
    functions,
    async release() {
      for (const served of functions.values()) await served.release();
    },
  };
}
