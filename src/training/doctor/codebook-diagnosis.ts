/** What the training doctor sees in codes that are symbols. */
import type { Remedies } from "../../models/definition.ts";
import { type Measured, median, short } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/** A codebook, by what its metrics are called after their names: nothing where there is one. */
export interface ExaminedCodebook {
  readonly suffix: string;
  /** Of its latent. */
  readonly name: string;
  readonly size: number;
}

/** Fraction of a codebook's symbols that occur over validation examples, at least. */
const leastUsage = 0.5;
/** Fraction of a codebook's size that the perplexity of its symbols is, at least: below it the codes say next to nothing. */
const leastPerplexity = 0.05;
/** Of the variance of the encoder's outputs, what their entries may leave out. */
const mostError = 0.5;
/** Reports of a run that its error at the end is the median of. */
const lastReports = 5;

/** Findings on each codebook of a model: symbols that do not occur, codes of few symbols, entries far from what they stand for. */
export function diagnoseCodebooks(
  records: readonly Measured[],
  codebooks: readonly ExaminedCodebook[],
  remedies: Remedies = {},
): readonly Finding[] {
  return codebooks.flatMap((codebook) => [
    ...useOf(records, codebook, remedies),
    ...errorOf(records, codebook, remedies),
  ]);
}

const ofLatent = ({ suffix, name }: ExaminedCodebook): string => (suffix === "" ? "" : ` of ${name}`);

function useOf(
  records: readonly Measured[],
  codebook: ExaminedCodebook,
  { codebook: settings = [] }: Remedies,
): Finding[] {
  const { suffix, size } = codebook;
  const { [`codebookUsage${suffix}`]: usage, [`codebookPerplexity${suffix}`]: perplexity } =
    records.findLast(({ split }) => split === "validation")?.metrics ?? {};
  if (usage === undefined || perplexity === undefined) return [];
  const remedy = [...settings, "a smaller codebook, or a lower --learning-rate"].join("; or ");
  if (perplexity < Math.max(1.5, leastPerplexity * size))
    return [
      {
        finding: "index-collapse",
        evidence: `the perplexity of symbols${ofLatent(codebook)} is ${short(perplexity)} of ${size} over validation examples: nearly all codes are the same few`,
        remedy,
      },
    ];
  if (usage >= leastUsage) return [];
  return [
    {
      finding: "dead-codes",
      evidence: `${Math.round(usage * size)} of ${size} symbols${ofLatent(codebook)} occur in the codes of validation examples, with a perplexity of ${short(perplexity)}`,
      remedy,
    },
  ];
}

function errorOf(records: readonly Measured[], codebook: ExaminedCodebook, { quantization = [] }: Remedies): Finding[] {
  const errors = records.flatMap(({ split, metrics: { [`quantizationError${codebook.suffix}`]: error } }) =>
    split === "train" && error !== undefined ? [error] : [],
  );
  if (errors.length < lastReports) return [];
  const error = median(errors.slice(-lastReports));
  if (error <= mostError) return [];
  return [
    {
      finding: "quantization-error",
      evidence: `entries of the codebook${ofLatent(codebook)} leave out ${short(100 * error, 2)} % of the variance of the encoder's outputs that they stand for`,
      remedy: [...quantization, "a larger codebook"].join("; or "),
    },
  ];
}
