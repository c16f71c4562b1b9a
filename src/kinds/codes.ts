import type { Kind } from "./kind.ts";

/** Codes of a trained run, standardized. */
export const codes: Kind = { name: "codes", shows: "samples", files: [".npy"] };
