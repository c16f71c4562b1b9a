import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findModel } from "../src/models/registry.ts";
import { type Evaluation, type EvaluationRequest, evaluateRun } from "../src/runs/evaluate-run.ts";
import type { DataOptions } from "../src/data/options.ts";
import { loadRun, startRun } from "../src/node/runs.ts";
import type { LoadedRun } from "../src/runs/load-run.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { follow } from "./follow-training.ts";

export interface TemporaryRun {
  /** Where it is; other files beside it are taken away with it. */
  readonly folder: string;
  readonly loaded: LoadedRun;
  /** Measures its test split. */
  evaluate(request: Partial<EvaluationRequest>): Promise<Evaluation>;
  remove(): Promise<void>;
}

/** A model trained on one thread, from seed 0, in a folder of its own. */
export async function temporaryRun(
  model: string,
  data: string,
  {
    config = {},
    settings = {},
    dataOptions = {},
  }: { readonly config?: object; readonly settings?: object; readonly dataOptions?: DataOptions } = {},
): Promise<TemporaryRun> {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-run-"));
  const out = join(folder, "run");
  const definition = findModel(model);
  const request = {
    definition,
    config: definition.config.parse(config),
    settings: { device: "cpu" as const, threads: 1, ...settings },
    data,
    binarize: "none" as const,
    seed: 0,
    ...dataOptions,
  };
  await follow(await startRun(request, { out }));
  const loaded = await loadRun(out, await cpuDevice(1));
  return {
    folder,
    loaded,
    async evaluate(asked) {
      const progress = evaluateRun(loaded, { split: "test", seed: 0, ...asked });
      let next = await progress.next();
      while (!next.done) next = await progress.next();
      return next.value;
    },
    async remove() {
      await loaded.trained.store.release();
      await loaded.run.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
