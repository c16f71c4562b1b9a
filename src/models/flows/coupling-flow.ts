import type { Bijector, BijectorNetwork } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { VectorNetwork } from "../../bijectors/coupling-networks.ts";
import { Dequantize } from "../../bijectors/dequantize.ts";
import { Flatten } from "../../bijectors/flatten.ts";
import { Logit } from "../../bijectors/logit.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { DataSpec, Model } from "../model.ts";
import { conditionSize } from "../parts/condition-vector.ts";
import { fieldsOf } from "../parts/fields.ts";
import { Flow } from "./flow.ts";
import { type LevelsConfig, levelsOf, LOGIT_ALPHA } from "./levels.ts";
import { vectorFlow, type VectorFlowConfig, type VectorSpec } from "./vector-flow.ts";

/** The network of a coupling, from so many values or channels to so many. */
export type NetworkOf = (inSize: number, outSize: number) => BijectorNetwork;

/**
 * A flow of couplings of examples as vectors: of real numbers and rows of tables, or of intensities with uniform noise between their levels. `bijectors`: of
 * so many values.
 */
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
  const levels = levelsOf(name, config, data);
  if (levels === undefined) return vectorFlow(name, config, data, ofSpec);
  const fields = config.conditional ? fieldsOf(data, ["class"]) : [];
  const own = ofSpec({ size: sizeOf(data.shape), given: conditionSize(fields) });
  return new Flow(new Chain([new Dequantize(levels), new Logit(LOGIT_ALPHA), new Flatten(data.shape), ...own]), data, {
    fields,
    dequantized: { levels, noise: "uniform" },
  });
}
