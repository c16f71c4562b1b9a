import { ConfigError, DataError, UnsupportedOpError } from "../../errors.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { isDensity } from "../../latent/density.ts";
import { runDensity } from "../density.ts";
import { loadRun, type LoadedRun } from "../load-run.ts";
import { type CodePrior, gaussianPrior } from "./code-prior.ts";
import { runPrior } from "./run-prior.ts";

/**
 * The prior of a name: a density's (`gaussian`, `gmm:10`), fitted to the codes of training examples and kept in the run, or the folder of a run
 * that was trained on `codes:` of this one; several runs with commas between, one a latent, each given those above it. `onFit` is called before
 * a density is fitted. Throws UnsupportedOpError for a run that was trained on something else, DataError for one of other weights.
 */
export async function openPrior(loaded: LoadedRun, name: string, onFit?: () => void): Promise<CodePrior> {
  if (isDensity(name)) return mixturePrior(loaded, name, onFit);
  const priors: LoadedRun[] = [];
  for (const path of name.split(",")) {
    const prior = await trainedPrior(loaded, path);
    const { latent } = prior.run.info.parent!;
    const other = priors.find(({ run }) => run.info.parent!.latent === latent);
    if (other)
      throw new ConfigError(
        `--prior: two priors of one latent, got ${other.run.path} and ${path} of ${latent}, expected one for each latent`,
      );
    priors.push(prior);
  }
  return runPrior(
    loaded.trained,
    name,
    priors.map((run) => ({ run })),
  );
}

async function mixturePrior(loaded: LoadedRun, name: string, onFit?: () => void): Promise<CodePrior> {
  const { mixture, fit } = await runDensity(loaded, name, onFit);
  return { ...gaussianPrior(loaded.trained.code.name, mixture), name, fit };
}

/** Loads a run that is to be the prior of another, and checks that it was trained on its codes. */
async function trainedPrior({ run, step, trained, platform }: LoadedRun, path: string): Promise<LoadedRun> {
  const prior = await loadRun(path, trained.store.device, platform);
  const { parent } = prior.run.info;
  if (!parent)
    throw new UnsupportedOpError(
      `--prior: ${path} is no prior of codes, got a run trained on ${prior.run.info.data.source}, expected one trained on --data codes:${run.path}`,
    );
  const weights = await run.weightsDigest(step);
  if (parent.weights !== weights)
    throw new DataError(
      `--prior: ${path} is of other codes, got those of weights ${parent.weights.slice(0, 12)}, expected those of ${run.path}, ${weights.slice(0, 12)}`,
    );
  requireCapabilities(prior.trained.model, ["sample"], { where: path });
  return prior;
}
