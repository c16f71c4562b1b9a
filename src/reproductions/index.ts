import { disentanglement } from "./disentanglement.ts";
import { ganToys } from "./gan-toys.ts";
import { iwaeTable1 } from "./iwae-table-1.ts";
import { ppca } from "./ppca.ts";
import { raeTable1 } from "./rae-table-1.ts";
import type { Reproduction } from "./reproduction.ts";

/** All reproducible tables. */
export const reproductions: readonly Reproduction[] = [iwaeTable1, ppca, raeTable1, disentanglement, ganToys];
export type { Reproduction, ReproductionColumn, ReproductionRow } from "./reproduction.ts";
