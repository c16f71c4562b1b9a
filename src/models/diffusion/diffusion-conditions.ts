import { ConfigError } from "../../errors.ts";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { conditioned, type Condition, type Context } from "../../nn/context.ts";
import { less, or } from "../../ops/comparison.ts";
import { averagePool } from "../../ops/pooling.ts";
import { type Conditioning, LOW_RESOLUTION, requiredFields } from "../conditioning.ts";
import type { DataSpec, FieldSpec } from "../model.ts";
import { centeredOf } from "../parts/centered.ts";
import { fieldsOf } from "../parts/fields.ts";
import { type DiffusionConfig, usualDropout } from "./diffusion-settings.ts";
import { ConditionInput, withoutField } from "./networks/condition-input.ts";

type ConditionSettings = Pick<
  DiffusionConfig,
  "conditional" | "conditionDropout" | "fields" | "source" | "superResolution"
>;

/**
 * What a diffusion model is conditioned on. Fields of the data are left out of some training examples, so that each may be left out, and guidance
 * has a prediction without them; with `superResolution`, the example's own mean over squares of pixels, which is always given
 * (SR3, Saharia et al. 2021, arXiv:2104.07636); with `source`, what samples start from, which the network does not see. Undefined for nothing.
 */
export function conditioningOf(config: ConditionSettings, data: DataSpec): Conditioning | undefined {
  const { conditional, conditionDropout, fields: others = [], source, superResolution: factor } = config;
  const names = [...(conditional && !others.includes("class") ? ["class"] : []), ...others];
  const fields = fieldsOf(data, names);
  if (source !== undefined && factor !== undefined)
    throw new ConfigError(
      "source: a model starts from other data or makes images of smaller ones, got superResolution too, expected one of them",
    );
  const start = source === undefined ? [] : [sourceField(source, names, data)];
  const small: readonly FieldSpec[] =
    factor === undefined ? [] : [{ name: LOW_RESOLUTION, kind: "numbers", shape: smallShape(factor, data) }];
  const always = [...start, ...small];
  if (fields.length === 0 && conditionDropout !== usualDropout)
    throw new ConfigError(
      `conditionDropout: there is nothing to leave out, got ${conditionDropout} without a field to condition on, expected conditional=true or fields too`,
    );
  if (fields.length + always.length === 0) return undefined;
  if (always.length === 0) return { fields, required: conditionDropout === 0 };
  return {
    fields: [...fields, ...always],
    required: true,
    optional: conditionDropout === 0 ? [] : names,
    ...(factor !== undefined && { ofExample: { [LOW_RESOLUTION]: (x) => averagePool(x, { kernel: factor }) } }),
    ...(source !== undefined && { start: source }),
  };
}

function sourceField(source: string, names: readonly string[], data: DataSpec): FieldSpec {
  if (names.includes(source))
    throw new ConfigError(`source: the network does not see it, got ${source} among fields too, expected it once`);
  const [field] = fieldsOf(data, [source]) as readonly [FieldSpec];
  if (data.columns) throw new ConfigError("source: rows of a table have none, got a table, expected images or points");
  if (field.kind === "numbers" && field.shape.join() === data.shape.join()) return field;
  throw new ConfigError(
    `source: samples start from an example of their shape, got ${source}, ${field.kind === "class" ? "a class" : `numbers of shape [${field.shape.join(", ")}]`}, expected [${data.shape.join(", ")}]`,
  );
}

function smallShape(factor: number, { kind, shape, fields = [] }: DataSpec): readonly number[] {
  const [channels, height, width] = shape;
  if (kind !== "image" || channels === undefined || height === undefined || width === undefined)
    throw new ConfigError(
      `superResolution: it is of images, got ${kind} of shape [${shape.join(", ")}], expected [channels, height, width]`,
    );
  if (height % factor !== 0 || width % factor !== 0)
    throw new ConfigError(
      `superResolution: the smaller image has whole pixels, got a factor of ${factor} for images of ${width}x${height}, expected a common divisor of both sides`,
    );
  if (fields.some(({ name }) => name === LOW_RESOLUTION))
    throw new ConfigError(
      `superResolution: the data have a field of the name of the smaller image, got ${LOW_RESOLUTION}, expected another name`,
    );
  return [channels, height / factor, width / factor];
}

/** How networks see the condition: a smaller image as the example itself. */
export const conditionInput = (condition: Conditioning | undefined, data: DataSpec): ConditionInput =>
  new ConditionInput(condition?.fields.filter(({ name }) => name !== condition.start) ?? [], {
    beside: data.shape.length === 3,
    seen: { [LOW_RESOLUTION]: centeredOf(data) },
  });

/** The context without what may be left out. Throws ConfigError where that is nothing. */
export function withoutOptional(condition: Conditioning | undefined, context: Context): Context {
  const needed = new Set(requiredFields({ condition }).map(({ name }) => name));
  const given = Object.entries(context.condition ?? {});
  const kept = given.filter(([name]) => needed.has(name));
  if (kept.length === given.length)
    throw new ConfigError(
      "guidance: it is towards what may be left out of a condition, got none of that, expected a class or another field too",
    );
  return conditioned(context, kept.length === 0 ? undefined : Object.fromEntries(kept));
}

/**
 * Each example without its condition with this probability; of several fields each by itself too, so that any of them may be
 * given alone. What is always given stays.
 */
export function withoutSome(
  conditioning: Conditioning,
  condition: Condition,
  { batch, probability }: { readonly batch: number; readonly probability: number },
): Condition {
  const needed = requiredFields({ condition: conditioning });
  const fields = conditioning.fields.filter((field) => !needed.includes(field));
  const drawn = (): Tensor => less(noise.uniform([batch]), probability);
  if (fields.length === 0 || probability === 0) return condition;
  const all = drawn();
  return fields.reduce(
    (given, field) => withoutField(given, field, fields.length === 1 ? all : or(all, drawn())),
    condition,
  );
}
