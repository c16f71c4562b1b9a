import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { rowText, valueReader } from "../../data/tables/row-text.ts";
import { totalVariation } from "../../metrics/samples/total-variation.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { ownPrior, samplerConditions, samplesOf } from "./generated.ts";
import type { Metric } from "./metric.ts";

/** Rows that are compared. */
const most = 20_000;

export const totalVariationMetric: Metric = {
  name: "total-variation",
  summary: "for tables: total variation distance of each column of samples to that of the examples, from 0 to 1",
  generates: true,
  standard: true,
  needs: ["sample"],
  lacking: ({ loaded, split }) => {
    if (!split.dataset.columns) return "examples are no rows of a table";
    return loaded.trained.model.condition?.required ? "the model does not sample without a label" : undefined;
  },
  async evaluate(context) {
    const { split, seed } = context;
    const columns = split.dataset.columns!;
    const count = Math.min(most, split.indices.length);
    // Dates are numbers too.
    const shown = columns.map((column) => {
      const read = column.kind === "number" ? valueReader(column) : undefined;
      return (text: string): string => (read ? String(read(text)) : text);
    });
    const rowsOf = (x: Float32Array): (readonly string[])[] => {
      const width = x.length / count;
      return Array.from({ length: count }, (_, i) =>
        rowText(columns, x.subarray(i * width, (i + 1) * width)).map((text, k) => shown[k]!(text)),
      );
    };
    const real = rowsOf(firstExamples(drawnExamples(split, count, seed), count));
    const sampled = rowsOf(await samplesOf(context, ownPrior, count));
    return {
      results: columns.map(({ name, kind }, i) => ({
        name: "total variation",
        of: name,
        value: totalVariation(
          real.map((row) => row[i]!),
          sampled.map((row) => row[i]!),
          { numbers: kind === "number" },
        ),
        better: "lower",
      })),
      conditions: { samples: count, rows: count, bins: 20, ...samplerConditions(context) },
    };
  },
};
