import { splitSpec } from "../data/split-spec.ts";
import type { Split } from "../data/split.ts";

/**
 * Whether people are shown means of p(x|z) in place of samples: of images, whose noise says nothing. The mean of a category is none, and
 * points without their noise are not where the data are.
 */
export const showsMeans = (split: Split): boolean => splitSpec(split).kind === "image";
