import type { Preset } from "../definition.ts";

/** For masked auto-encoders. */
export const madePresets: readonly Preset[] = [
  {
    suits: "symbols",
    fits: ({ symbols }) => symbols !== undefined,
    config: { conditionals: "categorical" },
  },
  {
    suits: "real numbers, and rows of a table",
    fits: ({ symbols, range }) => symbols === undefined && range === null,
    config: { conditionals: "mixture" },
  },
];
