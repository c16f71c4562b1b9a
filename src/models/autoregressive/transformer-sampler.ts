import { z } from "zod";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Memory } from "../../nn/attention.ts";
import type { Context } from "../../nn/context.ts";
import { cast, equal, greater, where } from "../../ops/comparison.ts";
import { dynamicSlice, dynamicUpdateSlice } from "../../ops/indexing.ts";
import { reshape, slice } from "../../ops/movement.ts";
import type { Codes } from "../latent.ts";
import type { SymbolCoding } from "../symbols/symbol-coding.ts";
import {
  completes,
  sampleSymbols,
  symbolSamplingOptions,
  type SymbolSamplingOptions,
} from "../symbols/symbol-sampling.ts";
import type { SymbolTransformer } from "../symbols/symbol-transformer.ts";
import type { Edited, Editor, Sampler } from "../sampler.ts";

interface Parts {
  readonly coding: SymbolCoding;
  readonly network: SymbolTransformer;
}
type At = Readonly<Record<string, Tensor>>;

/** Keys and values of the positions behind, by block, as state. */
const memoriesOf = (state: Codes, blocks: number): readonly Memory[] =>
  Array.from({ length: blocks }, (_, i) => ({ keys: state[`keys${i}`]!, values: state[`values${i}`]! }));
const stateOf = (memories: readonly Memory[]): Codes =>
  Object.fromEntries(
    memories.flatMap(({ keys, values }, i) => [[`keys${i}`, keys] as const, [`values${i}`, values] as const]),
  );

/**
 * Samples x_i ~ p(x_i | x_1, ..., x_(i-1)), one position a step: each block keeps keys and values of the positions behind, so that a step costs
 * one position and not a pass over all of them.
 */
export function transformerSampler({ coding, network }: Parts): Sampler<SymbolSamplingOptions> {
  const { length } = coding;
  return {
    options: z.strictObject(symbolSamplingOptions),
    passes: () => length,
    schedule: () => Array.from({ length }, (_, position) => ({ position })),
    start: (count, _, context) => started(network, count, context),
    step(state, at, options, context) {
      const { position, logits, memories } = predicted(network, state, at, context);
      return { symbols: withSymbol(state, position, sampleSymbols(logits, options)), ...stateOf(memories) };
    },
    finish: ({ symbols }) => coding.toExamples(sampledOf(symbols!, network)),
  };
}

/** The same with the symbols that are kept in their places. Each depends on those before it, kept or sampled: what comes after informs none. */
export function transformerEditor({ coding, network }: Parts): Editor<SymbolSamplingOptions> {
  const { length } = coding;
  return {
    options: z.strictObject(symbolSamplingOptions),
    schedule(_, { masked }) {
      completes(masked);
      return { start: {}, steps: Array.from({ length }, (__, position) => ({ position })) };
    },
    start: ({ x, mask }: Edited, _, __, context) => ({
      ...started(network, x.shape[0]!, context),
      x,
      mask: mask!,
    }),
    step(state, at, options, context) {
      const { position, logits, memories } = predicted(network, state, at, context);
      const here = (t: Tensor): Tensor => reshape(dynamicSlice(t, 1, position, 1), [t.shape[0]!]);
      const { x, mask } = state as { readonly x: Tensor; readonly mask: Tensor };
      const isNew = greater(here(coding.covered(mask)), 0);
      const symbol = where(isNew, sampleSymbols(logits, options), here(coding.toSymbols(x)));
      return { symbols: withSymbol(state, position, symbol), ...stateOf(memories), x, mask };
    },
    finish: ({ symbols, x, mask }) => where(greater(mask!, 0), coding.toExamples(sampledOf(symbols!, network)), x!),
  };
}

/** The token before the first position, and none sampled after it. */
const started = (network: SymbolTransformer, count: number, context: Context): Codes => ({
  symbols: constant(network.extra, [], "int64").broadcastTo([count, network.length + 1]),
  ...stateOf(network.start(count, context)),
});

function predicted(network: SymbolTransformer, state: Codes, at: At, context: Context) {
  const position = cast(at["position"]!, "int64");
  const token = dynamicSlice(state["symbols"]!, 1, position, 1);
  const memories = memoriesOf(state, network.blocks.length);
  return { position, ...network.step(token, { position, memories, context }) };
}

function withSymbol({ symbols }: Codes, position: Tensor, symbol: Tensor): Tensor {
  const after = position.add(constant(1, [], "int64"));
  return dynamicUpdateSlice(symbols!, reshape(symbol, [-1, 1]), 1, after);
}

/** The symbols of a state, 0 where none is sampled yet. */
function sampledOf(symbols: Tensor, { extra }: SymbolTransformer): Tensor {
  const all = slice(symbols, 1, 1);
  return where(equal(all, constant(extra, [], "int64")), constant(0, [], "int64"), all);
}
