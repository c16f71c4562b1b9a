import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Remedies } from "../definition.ts";
import type { DataSpec, FieldSpec } from "../model.ts";
import { fieldNames, fieldsOf } from "../parts/fields.ts";
import { symbolCoding, type SymbolCoding } from "./symbol-coding.ts";
import { HEAD, SymbolTransformer } from "./symbol-transformer.ts";

/** Settings of a transformer over symbols. */
export const symbolConfig = {
  width: z
    .int()
    .min(HEAD)
    .max(2048)
    .default(128)
    .describe(`features of each position, a multiple of ${HEAD}: those of a head`),
  depth: z.int().positive().max(64).default(4).describe("transformer blocks"),
  dropout: z.number().min(0).lt(1).default(0).describe("dropout rate of the hidden layers of blocks"),
  levels: z
    .int()
    .min(2)
    .max(256)
    .default(2)
    .describe(
      "intensities: levels that they are rounded to; 2: binary. Codes and categories have a number of their own",
    ),
  patch: z.int().positive().max(16).default(1).describe("images: a square of so many pixels a side is one symbol"),
  conditional: z.boolean().default(false).describe("p(x | class) in place of p(x)"),
  fields: fieldNames.optional().describe("fields of the data to condition on, such as the codes of a level above"),
};

export interface SymbolConfig {
  readonly width: number;
  readonly depth: number;
  readonly dropout: number;
  readonly levels: number;
  readonly patch: number;
  readonly conditional: boolean;
  readonly fields?: readonly string[] | undefined;
}

/** What a model of symbols is made of: how it reads data, what it is conditioned on, and its network. */
export interface SymbolParts {
  readonly coding: SymbolCoding;
  readonly fields: readonly FieldSpec[];
  readonly network: SymbolTransformer;
  /** Whether it is of zeros and ones, so that intensities are to be binarized. */
  readonly binary: boolean;
  /** Levels or symbols that values have; undefined for a table. */
  readonly levels: number | undefined;
}

/** Throws ConfigError, by the model's name, where data and settings do not fit. */
export function symbolParts(where: string, config: SymbolConfig, data: DataSpec, causal: boolean): SymbolParts {
  const { width, depth, dropout, conditional, fields: others = [] } = config;
  if (width % HEAD !== 0)
    throw new ConfigError(`${where}: width is of heads of ${HEAD} features, got ${width}, expected a multiple`);
  const coding = symbolCoding(where, config, data);
  const fields = fieldsOf(data, conditional && !others.includes("class") ? ["class", ...others] : others);
  const network = new SymbolTransformer({ coding, width, depth, dropout, causal, fields });
  return { coding, fields, network, binary: coding.levels === 2, levels: coding.levels ?? data.symbols };
}

/** What to change where training examples are learned by heart. */
export const symbolRemedies = ({ width, depth, dropout }: SymbolConfig): Remedies => {
  const more = `dropout=${Math.min(0.5, Math.round(10 * dropout + 1) / 10)}`;
  const smaller = width >= 2 * HEAD && depth > 1;
  return {
    overFitting: [
      smaller
        ? `--set ${more}, or width=${HEAD * Math.floor(width / 2 / HEAD)} and depth=${Math.floor(depth / 2)}, leave it less to learn by heart`
        : `--set ${more} leaves it less to learn by heart`,
    ],
  };
};
