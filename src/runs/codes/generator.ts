import { type ConditionValues, takenBy } from "../../evaluation/condition.ts";
import type { LoadedRun } from "../load-run.ts";
import type { CodePrior } from "./code-prior.ts";
import { type CodesRun, runPrior } from "./run-prior.ts";

/** The run whose model gives examples of data, and the prior of its codes where that is not its own. */
export interface Generator {
  readonly loaded: LoadedRun;
  readonly prior: CodePrior | undefined;
  /** Frees the runs that were loaded for it. */
  release(): Promise<void>;
}

/**
 * How a run generates examples of data: by itself, or, where it was trained on the codes of another run, as the prior of that one, and so on up to
 * a run of data. `prior`: of the run's own codes, in place of its p(z). Throws as `openParent` does where a parent is gone or has changed.
 */
export const generatorOf = async (loaded: LoadedRun, prior?: CodePrior): Promise<Generator> =>
  (await decoderOf(loaded, prior)) ?? { loaded, prior, release: () => Promise.resolve() };

/** The same of a run trained on codes; nothing of any other. */
export async function decoderOf(codes: CodesRun, prior?: CodePrior): Promise<Generator | undefined> {
  const parent = await codes.openParent();
  if (!parent) return undefined;
  const name = prior ? `${codes.run.path} of ${prior.name}` : codes.run.path;
  const above = await generatorOf(parent, runPrior(parent.trained, name, [{ run: codes, from: prior }]));
  return {
    ...above,
    async release() {
      await above.release();
      await parent.trained.release();
    },
  };
}

/** The run of a generator with what of a condition is its own; the rest is its prior's. Throws UnsupportedOpError for what neither takes. */
export function conditionedOn(
  { loaded, prior }: Pick<Generator, "loaded" | "prior">,
  condition?: ConditionValues,
): LoadedRun {
  if (!condition) return loaded;
  const { trained } = loaded;
  const others = Object.keys(prior ? takenBy(prior, condition) : {});
  const own = Object.fromEntries(
    Object.entries(condition).filter(
      ([name]) => !others.includes(name) || trained.model.condition?.fields.some((field) => field.name === name),
    ),
  );
  return { ...loaded, trained: trained.given(own) };
}
