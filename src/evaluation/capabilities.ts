/** What commands and metrics need of a model, by name, and the sentence for each that it lacks. */
import { UnsupportedOpError } from "../errors.ts";
import { LOW_RESOLUTION } from "../models/conditioning.ts";
import type { Latent } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";

/** The latent that represents an example in tools on codes; undefined where there is none, or several of equal standing. */
export function codeOf({ latents = [], code }: Model): Latent | undefined {
  if (code !== undefined) return latents.find(({ name }) => name === code);
  return latents.length === 1 ? latents[0] : undefined;
}

/** A code that is one vector of real numbers. */
const vectorOf = (model: Model): Latent | undefined => {
  const code = codeOf(model);
  return code?.shape.length === 1 && code.dtype === "float32" ? code : undefined;
};

interface Capability {
  readonly has: (model: Model) => boolean;
  /** The clauses for a model with it, and for one without. */
  readonly does: string;
  readonly lacks: string;
  /** What to use instead, of a model with these. */
  readonly instead?: { readonly with: (model: Model) => boolean; readonly use: string };
}

/** What a tool needs of a model in codes that may be those of a bijection: nothing more where it has one. */
export const orBijection = (model: Model, needed: readonly CapabilityName[]): readonly CapabilityName[] =>
  model.bijection ? [] : needed;

/** For a model that decodes codes and does not encode, such as the generator of a GAN. */
const inversion: NonNullable<Capability["instead"]> = {
  with: (model) => model.decode !== undefined && vectorOf(model) !== undefined,
  use: "latentkit invert, or invertCodes(), finds codes of examples by optimization",
};

const capabilities = {
  encode: {
    has: (model) => model.encode !== undefined,
    does: "encodes examples",
    lacks: "does not encode examples",
    instead: inversion,
  },
  decode: { has: (model) => model.decode !== undefined, does: "decodes codes", lacks: "does not decode codes" },
  reconstruct: {
    has: (model) => model.reconstruct !== undefined,
    does: "reconstructs examples",
    lacks: "does not reconstruct examples",
    instead: inversion,
  },
  denoise: {
    has: (model) => model.corrupt !== undefined,
    does: "learned to remove noise",
    lacks: "has no noise to remove",
  },
  sample: {
    has: (model) => samplerOf(model) !== undefined,
    does: "samples examples",
    lacks: "has no p(z) to sample from",
  },
  edit: {
    has: (model) => model.editor !== undefined,
    does: "edits examples, such as a diffusion or an autoregressive model",
    lacks: "does not edit examples",
  },
  upscale: {
    has: ({ condition }) => condition?.ofExample?.[LOW_RESOLUTION] !== undefined,
    does: "was trained on images given smaller ones, such as diffusion with superResolution",
    lacks: "does not make images of smaller ones",
  },
  translate: {
    has: ({ condition }) => condition?.start !== undefined,
    does: "goes from examples of other data to its own, such as diffusion with source",
    lacks: "does not start from examples",
  },
  prior: {
    has: ({ latents = [] }) => latents.length > 0 && latents.every(({ prior }) => prior),
    does: "has a prior p(z)",
    lacks: "has no p(z)",
  },
  levels: {
    has: ({ latents = [] }) => latents.length > 1,
    does: "has several latents, such as ladder-vae, vdvae or vq-vae-2",
    lacks: "has no hierarchy of latents",
  },
  vector: {
    has: (model) => vectorOf(model) !== undefined,
    does: "has one vector of latent dimensions as its code",
    lacks: "has no code that is one vector of latent dimensions",
  },
  symbols: {
    has: (model) =>
      model.encode !== undefined &&
      model.decode !== undefined &&
      model.latents?.some(({ symbols }) => symbols !== undefined) === true,
    does: "has codes that are symbols, such as vq-vae",
    lacks: "has no codes that are symbols",
  },
  standardNormal: {
    has: (model) => vectorOf(model)?.standardNormal === true,
    does: "has the prior N(0, I)",
    lacks: "has no prior N(0, I)",
  },
  gaussian: {
    has: (model) => {
      const code = vectorOf(model);
      return model.encode !== undefined && code?.standardNormal === true && code.gaussianPosterior === true;
    },
    does: "has a Gaussian q(z|x) and p(z) of independent dimensions",
    lacks: "has no Gaussian q(z|x) and p(z) of independent dimensions",
  },
  discriminate: {
    has: (model) => model.discriminate !== undefined,
    does: "has a discriminator",
    lacks: "has no discriminator",
  },
  likelihood: {
    has: (model) => model.logProb !== undefined || model.density !== undefined || model.logWeights !== undefined,
    does: "has a likelihood",
    lacks: "has no likelihood: neither log p(x) nor importance weights",
  },
  elbo: { has: (model) => model.elbo !== undefined, does: "has an ELBO", lacks: "has no ELBO" },
  validation: {
    has: (model) => model.validation !== undefined,
    does: "reports metrics of examples",
    lacks: "reports no metrics of examples",
  },
  classConditional: {
    has: ({ condition }) => condition?.fields.some(({ kind }) => kind === "class") === true,
    does: "is conditioned on a class",
    lacks: "is not conditioned on a class",
  },
  classify: {
    has: (model) => model.logClasses !== undefined,
    does: "classifies examples",
    lacks: "does not classify examples",
  },
} satisfies Readonly<Record<string, Capability>>;
export type CapabilityName = keyof typeof capabilities;

/**
 * Whether a model has a capability.
 *
 * @example
 * has(ae.build(ae.config.parse({}), dataSpec([1, 28, 28])), "sample"); // false
 */
export const has = (model: Model, name: CapabilityName): boolean => capabilities[name].has(model);

/** The first of several needed capabilities that a model lacks, as what it does not do: "the model has no likelihood". */
export function lacking(model: Model, needed: readonly CapabilityName[]): string | undefined {
  const missing = needed.find((name) => !has(model, name));
  return missing === undefined ? undefined : `the model ${capabilities[missing].lacks}`;
}

/** Throws UnsupportedOpError in one sentence where a model lacks one of these. `remedy` follows it. */
export function requireCapabilities(
  model: Model,
  needed: readonly CapabilityName[],
  { where = "model", remedy }: { readonly where?: string; readonly remedy?: string } = {},
): void {
  const missing = needed.find((name) => !has(model, name));
  if (missing === undefined) return;
  const { lacks, does, instead }: Capability = capabilities[missing];
  const other = instead?.with(model) ? `; ${instead.use}` : "";
  throw new UnsupportedOpError(
    `${where}: it lacks what this needs, got a model that ${lacks}, expected ${remedy ?? `one that ${does}${other}`}`,
  );
}
