import { lineChart } from "../../pictures/line-chart.ts";
import { type LikelihoodEstimate, LikelihoodEvaluator } from "../likelihood/likelihood.ts";
import type { Check, Metric, MetricContext } from "./metric.ts";

export const likelihoodMetric: Metric = {
  name: "likelihood",
  summary:
    "nll, exact or by importance sampling with --samples of z per example (arXiv:1509.00519), in nats per example",
  standard: true,
  needs: ["likelihood"],
  async *evaluate(context) {
    const { loaded, split, binarize, samples, seed } = context;
    const { model } = loaded.trained;
    const total = split.indices.length;
    const evaluator = new LikelihoodEvaluator(loaded.trained, { split, binarize, samples, seed });
    const progress = evaluator.run();
    let next = await progress.next();
    for (; !next.done; next = await progress.next()) yield { done: next.value, total };
    const found = next.value;
    const { nll, standardError, curve } = found;
    if (model.logProb)
      return {
        results: [{ name: "nll", value: nll, standardError, note: "exact", better: "lower" }],
        conditions: { exact: true },
      };
    const note = `${samples} sample${samples === 1 ? "" : "s"} of z per example`;
    return {
      results: [{ name: "nll", value: nll, standardError, note, better: "lower" }],
      conditions: { samples },
      checks: [growsWithSamples(found)],
      details: { curve, ...(curve.length > 2 && { picture: await plotted(context, curve) }) },
    };
  },
};

/** Plots the nll against the number of samples into the run's samples/; returns the file. */
function plotted({ writeSample }: MetricContext, curve: LikelihoodEstimate["curve"]): Promise<string> {
  const points = curve.map(({ samples, nll }) => [Math.log10(samples), nll] as const);
  const series = [{ name: "nll", color: "#4c78a8", points }];
  const chart = lineChart({ title: "nll, nats per example", xLabel: "log10 of samples", series });
  return writeSample("nll-by-samples.svg", `${chart}\n`);
}

/** The bound rises with the number of samples (arXiv:1509.00519, theorem 1): exactly so for nested samples. */
function growsWithSamples({ curve }: LikelihoodEstimate): Check {
  const nested = curve.slice(0, -1);
  // The last size need not be a multiple of the one before: sampling error may then break the order slightly.
  const last = curve.at(-1)!;
  const before = nested.at(-1);
  const exact = before && last.samples % before.samples === 0 ? curve : nested;
  const falls = exact.every(({ nll }, i) => i === 0 || nll <= exact[i - 1]!.nll + 1e-6 * Math.abs(nll));
  const text = exact.map(({ samples, nll }) => `${samples}: ${nll.toFixed(2)}`).join(", ");
  return { name: "the bound grows with the number of samples", holds: falls, detail: `nll by samples ${text}` };
}
