import type { Kind } from "./kind.ts";

/** Vectors and arrays of real numbers. */
export const vector: Kind = { name: "vector", shows: "samples", files: [".npy"] };
