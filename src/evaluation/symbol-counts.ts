import type { Tensor } from "../graph/tensor.ts";
import { codesOf, type Latent, takeMean } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { cast } from "../ops/comparison.ts";
import { reshape } from "../ops/movement.ts";

/** A latent of symbols. */
export type SymbolLatent = Latent & { readonly symbols: number };

/** The latents of a model that encodes to symbols; none of another. */
export const symbolLatents = ({ encode, latents = [] }: Model): readonly SymbolLatent[] =>
  encode ? latents.filter((latent): latent is SymbolLatent => latent.symbols !== undefined) : [];

/** The symbols of examples x, [batch, symbols of one], by latent. */
export function symbolsOf(model: Model, x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
  const latents = symbolLatents(model);
  if (latents.length === 0) return {};
  const codes = codesOf(model.encode!(x, context, takeMean), takeMean);
  return Object.fromEntries(
    latents.map(({ name }) => [name, reshape(cast(codes[name]!, "float32"), [x.shape[0]!, -1])]),
  );
}

/** What the names of a codebook's metrics end in: its latent's name, where there are several. */
export const useSuffix = (latents: readonly SymbolLatent[], name: string): string =>
  latents.length === 1 ? "" : name.charAt(0).toUpperCase() + name.slice(1);

/** How often each symbol of each latent occurs, counted a batch at a time. */
export class SymbolCounts {
  readonly counts: ReadonlyMap<string, Float64Array>;

  constructor(latents: readonly SymbolLatent[]) {
    this.counts = new Map(latents.map(({ name, symbols }) => [name, new Float64Array(symbols)]));
  }

  /** Adds the symbols of a latent. */
  add(name: string, symbols: ArrayLike<number | bigint>): void {
    const counts = this.counts.get(name)!;
    for (let i = 0; i < symbols.length; i++) counts[Number(symbols[i])]! += 1;
  }
}
