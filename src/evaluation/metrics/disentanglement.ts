import { activeThreshold, activity } from "../../metrics/codes/active-units.ts";
import { betaVAEScore } from "../../metrics/codes/beta-vae-score.ts";
import { dci } from "../../metrics/codes/dci.ts";
import { factorVAEScore } from "../../metrics/codes/factor-vae-score.ts";
import type { FactoredCodes } from "../../metrics/codes/factored-codes.ts";
import { modularity } from "../../metrics/codes/modularity.ts";
import { mutualInformationGap } from "../../metrics/codes/mutual-information-gap.ts";
import { sap } from "../../metrics/codes/sap.ts";
import { type MetricResult, type Metric, type MetricContext, oncePerContext } from "./metric.ts";
import { varyingFactors } from "./varying-factors.ts";

/** Most examples that are evaluated. */
const most = 10_000;

export const disentanglementMetric: Metric = {
  name: "disentanglement",
  summary: "FactorVAE and beta-VAE scores, DCI, SAP and modularity, for data whose factors are known",
  needs: ["encode", "vector"],
  lacking: ({ loaded: { trained }, split }) => {
    if (varyingFactors(split).length < 2)
      return "factors missing: fewer than two generative factors of the data are known";
    return trained.latentDim < 2 ? "the code has one dimension" : undefined;
  },
  async *evaluate(context) {
    const { seed } = context;
    const codes = await meanCodes(context);
    const total = 4;
    yield { done: 0, total };
    const results: MetricResult[] = [];
    const add = (name: string, value: number): void => {
      results.push({ name, value, better: "higher" });
    };
    add("factor-vae score", factorVAEScore(codes, { seed }));
    yield { done: 1, total };
    add("beta-vae score", betaVAEScore(codes, { seed }));
    yield { done: 2, total };
    const { disentanglement, completeness, informativeness, importance, accuracy } = dci(codes, { seed });
    add("dci disentanglement", disentanglement);
    add("dci completeness", completeness);
    add("dci informativeness", informativeness);
    yield { done: 3, total };
    const attributes = sap(codes);
    add("sap", attributes.sap);
    add("modularity", modularity(activeInformation(codes)));
    return {
      results,
      conditions: {
        examples: codes.codes.length / codes.latentDim,
        codes: "means of q(z|x)",
        votes: { training: 10_000, test: 5_000, examples: 64 },
        dci: "gradient boosted trees: 100 rounds of 3 levels, rate 0.1, 64 bins",
      },
      details: {
        factors: codes.factors.map(({ name }, k) => ({
          name,
          importance: importance[k],
          accuracy: accuracy[k],
          sap: attributes.gaps[k],
        })),
      },
    };
  },
};

/** Codes of the first examples, with their factors. */
const meanCodes = oncePerContext(async ({ loaded, split, binarize, seed }: MetricContext): Promise<FactoredCodes> => {
  const part = { ...split, indices: split.indices.subarray(0, most) };
  const { means } = await loaded.trained.codes(part, { binarize, seed });
  return { codes: means, latentDim: loaded.trained.latentDim, factors: varyingFactors(part) };
});

/** I(z_j; v_k) of the dimensions that the model uses, [factors][dimensions]: in an inactive one, noise would count as information. */
function activeInformation({ codes, latentDim, factors }: FactoredCodes): number[][] {
  const active = activity(codes, latentDim);
  const { information } = mutualInformationGap(
    Float32Array.from(codes),
    latentDim,
    factors.map(({ values }) => values),
  );
  return information.map((of) => of.map((nats, j) => (active[j]! > activeThreshold ? nats : 0)));
}
