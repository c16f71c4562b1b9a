import { ShapeError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { completeCodes, takeMean } from "../models/latent.ts";
import type { DataSpec, Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";
import { conditioned, evaluation } from "../nn/context.ts";
import { fieldInputs } from "../training/batch-inputs.ts";

const rows = 2;

/**
 * Checks the shapes of a model's capabilities before anything is compiled. Throws ShapeError naming the first capability
 * that gives another one.
 */
export function checkModel(name: string, model: Model, { shape }: DataSpec): void {
  if (typeof model !== "object" || model === null || typeof model.objectives !== "function")
    throw new ShapeError(`${name}: build returns no model, got ${typeof model}, expected an object with objectives`);
  const x = new Input("x", [rows, ...shape]);
  const { condition, latents = [] } = model;
  const context = condition ? conditioned(evaluation, fieldInputs(condition.fields, rows)) : evaluation;
  const check = (what: string, given: Tensor | { readonly shape: Shape }, expected: Shape): void => {
    if (given?.shape?.join() !== expected.join())
      throw new ShapeError(
        `${name}: ${what} has the wrong shape, got [${given?.shape?.join(", ") ?? ""}] for ${rows} examples, expected [${expected.join(", ")}]`,
      );
  };
  const example = [rows, ...shape];
  const found = model.encode?.(x, context, takeMean) ?? {};
  for (const latent of latents) {
    const expected = [rows, ...latent.shape];
    if (model.encode && found[latent.name]) check(`encode of ${latent.name}`, found[latent.name]!, expected);
  }
  if (latents.length > 0 && latents.every(({ prior }) => prior)) {
    const codes = completeCodes(latents, {}, { count: rows, context });
    for (const latent of latents) check(`the prior of ${latent.name}`, codes[latent.name]!, [rows, ...latent.shape]);
    if (model.decode) check("decode", model.decode(codes, context), example);
  }
  if (model.reconstruct) check("reconstruct", model.reconstruct(x, context), example);
  if (model.logProb) check("logProb", model.logProb(x, context), [rows]);
  if (model.elbo)
    for (const [part, t] of Object.entries(model.elbo(x, context).rates)) check(`the rate of ${part}`, t, [rows]);
  if (model.logWeights) check("logWeights", model.logWeights(x, 1, context), [1, rows]);
  if (model.validation)
    for (const [metric, t] of Object.entries(model.validation(x, context)))
      check(`validation metric ${metric}`, t, [rows]);
  const sampler = samplerOf(model);
  if (model.sampler && sampler) {
    const options = sampler.options.parse({});
    const symbolic = Object.fromEntries(
      Object.entries(options as object).map(([option, v]) => [
        option,
        typeof v === "number" ? new Input(option, []) : v,
      ]),
    );
    check("the sampler", sampler.finish(sampler.start(rows, symbolic, context), symbolic, context), example);
  }
}
