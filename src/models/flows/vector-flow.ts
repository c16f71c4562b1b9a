import type { Bijector } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { VectorNetwork } from "../../bijectors/coupling-networks.ts";
import { Dequantize } from "../../bijectors/dequantize.ts";
import { Flatten } from "../../bijectors/flatten.ts";
import { Logit } from "../../bijectors/logit.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { DataSpec } from "../model.ts";
import { conditionSize } from "../parts/condition-vector.ts";
import { Flow } from "./flow.ts";
import { type FlowConfig, flowFields, levelsOf } from "./flow-settings.ts";

/** Keeps logits of the lowest and highest level finite. */
const alpha = 1e-5;

/** The network of a coupling, from so many values to so many. */
export type VectorNetworkOf = (inDim: number, outDim: number) => VectorNetwork;

/** A flow of examples as vectors. `bijectors`: of vectors of so many values. */
export function vectorFlow(
  name: string,
  config: FlowConfig,
  data: DataSpec,
  bijectors: (size: number, network: VectorNetworkOf) => readonly Bijector[],
): Flow {
  const size = sizeOf(data.shape);
  if (size < 2)
    throw new ConfigError(
      `model: ${name} changes some values by others, got examples of shape [${data.shape.join(", ")}], expected two values or more`,
    );
  const fields = flowFields(config, data);
  const levels = levelsOf(name, config, data);
  const hiddenDims = config.hiddenDims as readonly [number, ...number[]];
  const network: VectorNetworkOf = (inDim, outDim) =>
    new VectorNetwork(inDim, outDim, { hiddenDims, givenSize: conditionSize(fields) });
  const rows = bijectors(size, network);
  const flat = data.shape.length === 1 ? rows : [new Flatten(data.shape), ...rows];
  if (levels === undefined) return new Flow(new Chain(flat), data, { fields });
  return new Flow(new Chain([new Dequantize(levels), new Logit(alpha), ...flat]), data, {
    fields,
    dequantized: { levels, noise: "uniform" },
  });
}
