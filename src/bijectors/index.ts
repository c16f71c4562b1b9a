export { AffineCoupling } from "./affine-coupling.ts";
export type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
export { Chain } from "./chain.ts";
