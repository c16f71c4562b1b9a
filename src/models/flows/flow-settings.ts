import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { DataSpec, FieldSpec } from "../model.ts";
import { fieldsOf } from "../parts/fields.ts";
import { layerWidths } from "../parts/layer-sizes.ts";

/** Settings of every flow. */
export const flowConfig = {
  hiddenDims: layerWidths
    .default([128, 128])
    .describe("vectors: widths of the hidden layers of each coupling's network"),
  levels: z
    .int()
    .min(2)
    .max(65536)
    .optional()
    .describe("intensities: levels that noise is added between (default: as many as the stored values have)"),
  conditional: z.boolean().default(false).describe("condition on the class: p(x|class)"),
};
export interface FlowConfig {
  readonly hiddenDims: readonly number[];
  readonly levels?: number | undefined;
  readonly conditional: boolean;
}

/** The fields that a flow is conditioned on. */
export const flowFields = ({ conditional }: FlowConfig, data: DataSpec): readonly FieldSpec[] =>
  conditional ? fieldsOf(data, ["class"]) : [];

/**
 * The levels of intensities, which have no density: as set, or as many as there are from the lowest to the highest stored value. Undefined for real
 * numbers. Throws ConfigError where the data do not say.
 */
export function levelsOf(
  model: string,
  { levels }: Pick<FlowConfig, "levels">,
  { kind, range, symbols }: DataSpec,
): number | undefined {
  if (symbols !== undefined)
    throw new ConfigError(
      `model: ${model} has a density, got ${symbols} symbols, which have none and no order, expected intensities or real numbers; pixelcnn, transformer and masked-diffusion are of symbols`,
    );
  if (range === null) {
    if (levels === undefined) return undefined;
    throw new ConfigError(
      `levels: the data have none, got ${levels} for ${kind} of real numbers, expected intensities`,
    );
  }
  if (levels !== undefined) return levels;
  const stored = range[1] - range[0] + 1;
  if (Number.isInteger(stored) && stored > 2) return stored;
  throw new ConfigError(
    `levels: the data do not say how many they have, got values from ${range[0]} to ${range[1]}, expected levels=2 of binary data, levels=256 of bytes that were scaled`,
  );
}
