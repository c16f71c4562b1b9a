import { tiles } from "../pictures/image-grid.ts";
import type { Kind } from "./kind.ts";

/** Images [channels, height, width] of intensities. Means are shown: the noise of p(x|z) carries no information. */
export const image: Kind = {
  name: "image",
  shows: "means",
  picture: { form: "tiles", raster: tiles },
  files: [".png", ".npy"],
};
