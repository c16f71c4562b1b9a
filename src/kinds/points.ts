import { fieldPlot } from "../pictures/field-plot.ts";
import { scatter } from "../pictures/scatter.ts";
import type { Kind } from "./kind.ts";

/** Points in the plane, one scatter plot for each set, or one for all over a field. Without the noise of p(x|z) they are not where the data are. */
export const points: Kind = {
  name: "points",
  shows: "samples",
  picture: {
    form: "plot",
    raster: ({ sets, scaleOf, field }) => (field ? fieldPlot(sets, field) : scatter(sets, scaleOf && { scaleOf })),
  },
  files: [".png", ".npy"],
};
