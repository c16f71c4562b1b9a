export { Bernoulli } from "./bernoulli.ts";
export type { Distribution } from "./distribution.ts";
export { Independent, independent } from "./independent.ts";
export { kl } from "./kl.ts";
export { Normal, type Spread } from "./normal.ts";
