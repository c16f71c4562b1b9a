import type { Preset } from "../definition.ts";
import type { DataSpec } from "../model.ts";

const sidesOf = ({ shape }: DataSpec): readonly number[] => shape.slice(1);
const isImage = ({ kind }: DataSpec): boolean => kind === "image";

/** For hierarchies of grids. */
export const gridPresets: readonly Preset[] = [
  {
    suits: "images of even sides from 16 to 32",
    fits: (data) => isImage(data) && sidesOf(data).every((side) => side >= 16 && side <= 32 && side % 2 === 0),
    config: { latents: [1, 4, 4], patch: 2 },
  },
  {
    suits: "images of sides above 32, divisible by 4",
    fits: (data) => isImage(data) && sidesOf(data).every((side) => side > 32 && side % 4 === 0),
    config: { latents: [1, 4, 4], patch: 4 },
  },
];
