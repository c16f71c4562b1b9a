/** The version of this Latentkit: that of package.json, which a browser has no file of. */
export const version = "0.1.0";
