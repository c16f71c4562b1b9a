import { scatter } from "../pictures/scatter.ts";
import type { Kind } from "./kind.ts";

/** Points in the plane, one scatter plot for each set. Without the noise of p(x|z) they are not where the data are. */
export const points: Kind = {
  name: "points",
  shows: "samples",
  picture: { form: "plot", raster: ({ sets, scaleOf }) => scatter(sets, scaleOf && { scaleOf }) },
  files: [".png", ".npy"],
};
