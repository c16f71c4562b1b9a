import { ConfigError, ShapeError } from "../../errors.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import type { Shape } from "../../graph/shape.ts";
import { Input, Tensor } from "../../graph/tensor.ts";
import { conditionOf, dataFields } from "../../models/conditioning.ts";
import { type Codes, type Latent, takeMean } from "../../models/latent.ts";
import type { DataSpec, Model } from "../../models/model.ts";
import { kindInWords, tried } from "../../models/tried.ts";
import { type Condition, conditioned, evaluation } from "../../nn/context.ts";
import { fieldInputs } from "../../training/batch-inputs.ts";
import { checkObjectives } from "./check-objectives.ts";
import { checkSampler } from "./check-sampler.ts";

const rows = 2;

/**
 * Checks a model's objectives, on a batch, and its capabilities, as symbolic functions, before anything is compiled. Throws ShapeError
 * or ConfigError that names the model by `where`, and the first part that throws or gives something else than it should.
 */
export function checkModel(where: string, model: Model, { shape }: DataSpec, batchSize = rows): void {
  const x = new Input("x", [rows, ...shape]);
  const example = [rows, ...shape];
  const { latents = [] } = model;
  checkLatents(where, latents);
  const fieldsOf = (of: Input): Condition =>
    tried(where, "condition", "fields of the data", () =>
      conditionOf(model, fieldInputs(dataFields(model), of.shape[0]!), of),
    );
  const context = model.condition ? conditioned(evaluation, fieldsOf(x)) : evaluation;

  const wrongShape = (what: string, got: string, expected: Shape): ShapeError =>
    new ShapeError(
      `${where}: ${what} has the wrong shape, got ${got} for ${rows} examples, expected [${expected.join(", ")}]`,
    );
  const checkTensor = (what: string, t: unknown, expected: Shape): void => {
    if (!(t instanceof Tensor)) throw wrongShape(what, kindInWords(t), expected);
    if (t.shape.join() !== expected.join()) throw wrongShape(what, `[${t.shape.join(", ")}]`, expected);
  };
  const checkDistribution = (what: string, p: unknown, expected: Shape): void => {
    if (!isDistribution(p))
      throw new ShapeError(`${where}: ${what} is no distribution, got ${kindInWords(p)}, expected one`);
    if (p.shape.join() !== expected.join()) throw wrongShape(what, `[${p.shape.join(", ")}]`, expected);
  };
  /** By name, what a capability gives several of. */
  const named = (what: string, expected: string, give: () => unknown): Readonly<Record<string, unknown>> => {
    const found: unknown = tried(where, what, expected, give);
    if (typeof found !== "object" || found === null || found instanceof Tensor)
      throw new ShapeError(`${where}: ${what} gives none by name, got ${kindInWords(found)}, expected ${expected}`);
    return { ...found };
  };

  const batch = new Input("x", [batchSize, ...shape]);
  checkObjectives(where, model, {
    x: batch,
    fields: fieldsOf(batch),
    labeledFraction: 1,
    step: new Input("step", []),
  });
  if (model.encode) {
    const found = named("encode", "a distribution of each latent", () => model.encode!(x, context, takeMean));
    for (const { name, shape: one } of latents) {
      if (!Object.hasOwn(found, name))
        throw new ShapeError(
          `${where}: encode lacks a latent, got ${Object.keys(found).join(", ") || "none"}, expected ${name} too`,
        );
      checkDistribution(`encode of ${name}`, found[name], [rows, ...one]);
    }
  }
  if (latents.length > 0 && latents.every(({ prior }) => prior)) {
    const codes: Record<string, Tensor> = {};
    for (const { name, shape: one, prior } of latents) {
      const p: unknown = tried(where, `the prior of ${name}`, "a distribution", () => prior!(codes, rows, context));
      checkDistribution(`the prior of ${name}`, p, [rows, ...one]);
      codes[name] = tried(where, `the prior of ${name}`, "samples", () => (p as Distribution).sample());
      checkTensor(`a sample of the prior of ${name}`, codes[name], [rows, ...one]);
    }
    checkDecode(codes);
  } else if (latents.length > 0)
    checkDecode(
      Object.fromEntries(latents.map((l) => [l.name, new Input(`z.${l.name}`, [rows, ...l.shape], l.dtype)])),
    );
  const forms = { example, row: [rows] } as const;
  const capability = (name: string, form: keyof typeof forms, give: (() => Tensor) | undefined): void => {
    const what = { example: "examples", row: "one number an example" }[form];
    if (give) checkTensor(name, tried(where, name, what, give), forms[form]);
  };
  capability("reconstruct", "example", model.reconstruct && (() => model.reconstruct!(x, context)));
  capability("corrupt", "example", model.corrupt && (() => model.corrupt!(x, context)));
  capability("discriminate", "row", model.discriminate && (() => model.discriminate!(x, context)));
  capability("logProb", "row", model.logProb && (() => model.logProb!(x, context)));
  if (model.elbo) {
    const { elbo, distortion, rates } = named("elbo", "elbo, distortion and rates", () => model.elbo!(x, context));
    checkTensor("elbo", elbo, [rows]);
    checkTensor("the distortion of elbo", distortion, [rows]);
    for (const [part, t] of Object.entries(named("the rates of elbo", "rates by latent", () => rates)))
      checkTensor(`the rate of ${part}`, t, [rows]);
  }
  if (model.logWeights) {
    const weights = tried(where, "logWeights", "importance weights", () => model.logWeights!(x, 1, context));
    checkTensor("logWeights", weights, [1, rows]);
  }
  if (model.validation) {
    const found = Object.entries(named("validation", "metrics by name", () => model.validation!(x, context)));
    if (found.length === 0)
      throw new ConfigError(`${where}: validation gives no metric, got none, expected at least one, or no validation`);
    for (const [metric, t] of found) checkTensor(`validation metric ${metric}`, t, [rows]);
  }
  if (model.sampler) checkTensor("the sampler", checkSampler(where, model.sampler, rows, context), example);

  function checkDecode(codes: Codes): void {
    if (model.decode)
      checkDistribution(
        "decode",
        tried(where, "decode", "p(x|z)", () => model.decode!(codes, context)),
        example,
      );
  }
}

function checkLatents(where: string, latents: unknown): void {
  const wrong = (what: string, got: string, expected: string): ConfigError =>
    new ConfigError(`${where}: ${what}, got ${got}, expected ${expected}`);
  if (!Array.isArray(latents)) throw wrong("latents are no list", kindInWords(latents), "a list of latents");
  const names = new Set<unknown>();
  for (const { name, shape, dtype, symbols } of latents as readonly Partial<Latent>[]) {
    if (typeof name !== "string" || name === "") throw wrong("a latent has no name", kindInWords(name), "text");
    if (names.has(name)) throw wrong("two latents have one name", `${name} twice`, "different names");
    names.add(name);
    if (!Array.isArray(shape) || shape.some((axis: unknown) => !Number.isSafeInteger(axis) || Number(axis) < 1))
      throw wrong(`the shape of latent ${name} is none`, JSON.stringify(shape) ?? "nothing", "sizes from 1");
    if (dtype !== "float32" && dtype !== "int64")
      throw wrong(`the dtype of latent ${name} is none`, String(dtype), "float32 or int64");
    if (symbols !== undefined && !(dtype === "int64" && Number.isSafeInteger(symbols) && symbols > 0))
      throw wrong(
        `the symbols of latent ${name} are no number of them`,
        `${symbols} of ${dtype}`,
        "one of int64 codes",
      );
  }
}

const isDistribution = (p: unknown): p is Distribution =>
  typeof p === "object" &&
  p !== null &&
  !(p instanceof Tensor) &&
  "shape" in p &&
  Array.isArray(p.shape) &&
  "sample" in p &&
  typeof p.sample === "function";
