import type * as ops from "../../src/ops/index.ts";
import { arithmetic } from "./cases/arithmetic.ts";
import { comparisons } from "./cases/comparison.ts";
import { convolution } from "./cases/convolution.ts";
import { elementwise } from "./cases/elementwise.ts";
import { indexing } from "./cases/indexing.ts";
import { linalg } from "./cases/linalg.ts";
import { movement } from "./cases/movement.ts";
import { reductionCases } from "./cases/reduction.ts";
import type { OpCases } from "./op-case.ts";

export type OpName = keyof typeof ops;

/** An op exported from src/ops without cases does not compile here. */
export const cases: Record<OpName, OpCases> = {
  ...arithmetic,
  ...comparisons,
  ...elementwise,
  ...linalg,
  ...movement,
  ...reductionCases,
  ...indexing,
  ...convolution,
};
