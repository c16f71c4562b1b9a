import { aaeFigure2 } from "./aae-figure-2.ts";
import { aaeParzen } from "./aae-parzen.ts";
import { aaeSemi } from "./aae-semi.ts";
import { diffusionToys } from "./diffusion-toys.ts";
import { disentanglement } from "./disentanglement.ts";
import { ganToys } from "./gan-toys.ts";
import { iwaeTable1 } from "./iwae-table-1.ts";
import { ppca } from "./ppca.ts";
import { raeTable1 } from "./rae-table-1.ts";
import { tabsyn } from "./tabsyn.ts";
import type { Reproduction } from "./reproduction.ts";

/** All reproducible tables. */
export const reproductions: readonly Reproduction[] = [
  iwaeTable1,
  ppca,
  raeTable1,
  disentanglement,
  ganToys,
  diffusionToys,
  tabsyn,
  aaeFigure2,
  aaeParzen,
  aaeSemi,
];
export type { Reproduction, ReproductionColumn, ReproductionRow } from "./reproduction.ts";
