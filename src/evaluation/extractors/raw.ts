import { type Shape, sizeOf } from "../../graph/shape.ts";
import type { Extractor } from "./extractor.ts";

export const rawName = "raw";

/** The values of an example as they are. */
export const rawExtractor = (shape: Shape): Extractor => ({
  name: rawName,
  dim: sizeOf(shape),
  about: { name: rawName },
  features: (x) => Promise.resolve(x),
  release: () => Promise.resolve(),
});
