import type { Preset } from "../definition.ts";
import { likelihoodPresets } from "../parts/presets.ts";

/** For models with codes on grids. */
export const vectorQuantizedPresets: readonly Preset[] = [
  {
    suits: "images",
    fits: ({ kind, shape }) => kind === "image" && shape.slice(1).every((side) => side >= 8),
    config: { network: "conv" },
  },
  ...likelihoodPresets,
];
