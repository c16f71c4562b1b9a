import { lineChart } from "../../pictures/line-chart.ts";
import { type LikelihoodEstimate, LikelihoodEvaluator, likelihoodNote } from "../likelihood/likelihood.ts";
import { converged, sameElbo, sameInFloat64 } from "../checks/check-likelihood.ts";
import type { Check, Metric, MetricContext, MetricResult } from "./metric.ts";

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
    const data = { split, binarize, seed };
    const checks = model.density
      ? []
      : model.logProb
        ? [await sameInFloat64(loaded.trained, data)]
        : [converged(found), await sameElbo(loaded.trained, found, data), await sameInFloat64(loaded.trained, data)];
    const note = likelihoodNote(model, samples);
    const made = { checks: checks.filter((check): check is Check => check !== undefined) };
    const results: MetricResult[] = [{ name: "nll", value: nll, standardError, note, better: "lower" }];
    if (model.logProb) return { results, conditions: { exact: true }, ...made };
    if (model.density) return { results, conditions: { density: note }, ...made };
    return {
      results,
      conditions: { samples },
      ...made,
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
