import { codebookUse } from "../../metrics/codes/codebook-use.ts";
import { latentCodes, SymbolCounts, symbolLatents } from "../latent-codes.ts";
import type { Metric, MetricResult } from "./metric.ts";

export const codebookMetric: Metric = {
  name: "codebook",
  summary:
    "use of the codebook by the codes of all examples: perplexity and entropy of a symbol, and the part of the symbols that occur",
  standard: true,
  needs: ["symbols"],
  async evaluate({ loaded: { trained }, split, binarize, seed }) {
    const latents = symbolLatents(trained.model);
    const codes = await latentCodes(trained, { split, take: "means", binarize, seed });
    const symbols = new SymbolCounts(latents);
    for (const { name } of latents) symbols.add(name, codes[name]!);
    const results = latents.flatMap(({ name, symbols: size, shape }): MetricResult[] => {
      const { perplexity, usage, bits } = codebookUse(symbols.counts.get(name)!);
      const places = shape.reduce((a, b) => a * b, 1);
      const of = latents.length > 1 ? { of: name } : {};
      return [
        { name: "codebook perplexity", ...of, value: perplexity, note: `of ${size}`, better: "higher" },
        { name: "codebook usage", ...of, value: usage, note: "fraction of the symbols that occur", better: "higher" },
        {
          name: "symbol entropy",
          ...of,
          value: bits,
          note: `bits, by frequency; of ${Math.log2(size).toPrecision(3)} each at ${places} places of an example`,
        },
      ];
    });
    return {
      results,
      conditions: {},
      details: Object.fromEntries(latents.map(({ name }) => [name, { counts: [...symbols.counts.get(name)!] }])),
    };
  },
};
