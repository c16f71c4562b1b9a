import type { Bijector, BijectorNetwork } from "../../bijectors/bijector.ts";
import { VectorNetwork } from "../../bijectors/couplings/coupling-networks.ts";
import { ConfigError } from "../../errors.ts";
import type { DataSpec, Model } from "../model.ts";
import type { LevelsConfig } from "./levels.ts";
import { vectorFlow, type VectorFlowConfig, type VectorSpec } from "./vector-flow.ts";

/** The network of a coupling, from so many values or channels to so many. */
export type NetworkOf = (inSize: number, outSize: number) => BijectorNetwork;

/** A flow of couplings of examples as [vectors](vector-flow.ts). `bijectors`: of so many values. */
export function couplingFlow(
  name: string,
  config: VectorFlowConfig & LevelsConfig,
  data: DataSpec,
  bijectors: (size: number, network: NetworkOf) => readonly Bijector[],
): Model {
  const ofSpec = ({ size, given }: VectorSpec): readonly Bijector[] => {
    if (size < 2)
      throw new ConfigError(
        `${name}: couplings change some values by others, got ${size} value of each example, expected two or more`,
      );
    return bijectors(size, (inDim, outDim) => new VectorNetwork(inDim, outDim, { ...config, given }));
  };
  return vectorFlow(name, config, data, ofSpec);
}
