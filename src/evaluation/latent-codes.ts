import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { codesOf, completeCodes, type Latent, takeMean, takeSamples } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { findNamed } from "../nearest-name.ts";
import { cast } from "../ops/comparison.ts";
import { reshape } from "../ops/movement.ts";
import { requireCapabilities } from "./capabilities.ts";
import type { Given } from "./condition.ts";
import { mapSplit } from "./map-split.ts";
import { chunk, countRows, type ModelOnDevice } from "./model-on-device.ts";
import { runInto } from "./run-into.ts";

/** Codes of examples by latent, [examples, ...shape of the latent]; symbols as their numbers. */
export type LatentCodes = Readonly<Record<string, Float32Array>>;

/** Every latent of every example of a split: means of q(z|x), or one sample. Throws UnsupportedOpError where the model does not encode. */
export async function latentCodes(
  trained: ModelOnDevice,
  options: {
    readonly split: Split;
    readonly take: "means" | "samples";
    readonly binarize: Binarization;
    readonly seed?: number;
  },
): Promise<LatentCodes> {
  const { split, take, binarize, seed = 0 } = options;
  const { model } = trained;
  requireCapabilities(model, ["encode"]);
  return mapSplit(trained, { split, binarize, seed, key: `latent ${take}` }, (x, context) => {
    const taking = take === "means" ? takeMean : takeSamples();
    const codes = codesOf(model.encode!(x, context, taking), taking);
    return Object.fromEntries(
      Object.entries(codes).map(([name, code]): [string, Tensor] => [
        name,
        code.dtype === "int64" ? cast(code, "float32") : code,
      ]),
    );
  });
}

/** Codes of every latent from the prior, top first, [count, ...shape] each. Throws UnsupportedOpError where a latent has no prior. */
export async function priorCodes(
  trained: ModelOnDevice,
  { count, seed = 0, given }: { readonly count: number; readonly seed?: number; readonly given: Given },
): Promise<LatentCodes> {
  const { model } = trained;
  requireCapabilities(model, ["prior"]);
  given.check("sample the prior");
  const program = trained.program(`prior codes ${given.key}`, () => {
    const codes = completeCodes(model.latents!, {}, { count: chunk, context: given.context(chunk) });
    const outputs = Object.entries(codes).map(([name, z]) => [name, cast(z, "float32")] as const);
    return { name: "prior codes", outputs: new Map(outputs), frozen: trained.frozen };
  });
  const out = Object.fromEntries(
    model.latents!.map(({ name, shape }) => [name, new Float32Array(count * sizeOf(shape))]),
  );
  for (let first = 0; first < count; first += chunk) {
    const inputs = given.inputs(first, chunk);
    const found = await program.run({ inputs, outputs: program.outputs, seed, step: first / chunk });
    for (const { name, shape } of model.latents!) {
      const rows = Math.min(chunk, count - first) * sizeOf(shape);
      out[name]!.set((found[name] as Float32Array).subarray(0, rows), first * sizeOf(shape));
    }
  }
  return out;
}

/** Of codes that are decoded. */
export interface DecodeOptions {
  /** Means of p(x|z), or samples. */
  readonly mean?: boolean;
  /** What latents below the given ones are: by default as `mean` says. */
  readonly below?: "means" | "samples";
  readonly seed?: number;
  /** Place of the first code among those of a longer list, a multiple of 64. */
  readonly first?: number;
}

/**
 * Means of p(x|z) for codes of some latents, [count, ...shape] each, with those below at their prior's mean; or, where `mean` is false,
 * samples of both. `below` says otherwise of those below. Throws UnsupportedOpError where the model does not decode, ConfigError for codes that are not those of its latents.
 */
export async function decodeLatents(
  trained: ModelOnDevice,
  codes: LatentCodes,
  {
    given,
    mean = true,
    below = mean ? "means" : "samples",
    seed = 0,
    first: start = 0,
  }: DecodeOptions & { readonly given: Given },
): Promise<Float32Array> {
  const { model } = trained;
  requireCapabilities(model, ["decode"]);
  given.check("decode");
  const { latents, count } = givenLatents(model.latents ?? [], codes);
  const key = `decode ${mean ? "means" : "samples"} ${below} below ${latents.map(({ name }) => name).join()} ${given.key}`;
  const program = trained.program(key, () => {
    const inputs = latents.map(({ name, shape }) => [name, new Input(name, [chunk, ...shape])] as const);
    const context = given.context(chunk);
    const fed = Object.fromEntries(
      latents.map(({ name, dtype }, i) => [name, dtype === "int64" ? cast(inputs[i]![1], "int64") : inputs[i]![1]]),
    );
    const all = completeCodes(model.latents!, fed, { count: chunk, context, means: below === "means" });
    const decoded = model.decode!(all, context);
    const out = mean ? decoded.mean : decoded.sample();
    return { name: "decode", outputs: new Map([["out", out]]), frozen: trained.frozen };
  });
  const sizes = latents.map(({ shape }) => sizeOf(shape));
  const rowSize = program.output("out").size / chunk;
  const out = new Float32Array(count * rowSize);
  const fed = Object.fromEntries(latents.map(({ name }, i) => [name, new Float32Array(chunk * sizes[i]!)]));
  for (let first = 0; first < count; first += chunk) {
    latents.forEach(({ name }, i) =>
      fed[name]!.fill(0).set(codes[name]!.subarray(first * sizes[i]!, (first + chunk) * sizes[i]!)),
    );
    const inputs = { ...fed, ...given.inputs(start + first, chunk) };
    await runInto(out, first * rowSize, program, { inputs, seed, step: (start + first) / chunk });
  }
  return out;
}

/** The latents that codes are of, and how many each has. Throws ConfigError for a name that is no latent, none, or different counts. */
function givenLatents(
  latents: readonly Latent[],
  codes: LatentCodes,
): { readonly latents: readonly Latent[]; readonly count: number } {
  const where = "decodeLatents";
  for (const name of Object.keys(codes)) findNamed(where, "latent", name, latents);
  const given = latents.filter(({ name }) => codes[name]);
  const counts = given.map(({ name, shape }) => countRows(where, name, codes[name]!, shape, "codes"));
  const [count] = counts;
  if (count === undefined)
    throw new ConfigError(
      `${where}: no codes, got none, expected those of ${latents.map(({ name }) => name).join(" or ")}`,
    );
  if (counts.some((other) => other !== count))
    throw new ConfigError(
      `${where}: latents differ in number, got ${given.map(({ name }, i) => `${counts[i]} of ${name}`).join(" and ")}, expected as many of each`,
    );
  return { latents: given, count };
}

/** A latent of symbols. */
export type SymbolLatent = Latent & { readonly symbols: number };

/** The latents of a model that encodes to symbols; none of another. */
export const symbolLatents = (model: Model): readonly SymbolLatent[] =>
  model.encode ? (model.latents ?? []).filter((latent): latent is SymbolLatent => latent.symbols !== undefined) : [];

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
