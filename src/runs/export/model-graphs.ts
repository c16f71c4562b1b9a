/** The functions of a trained model as graphs of a batch. */
import { Input, type Tensor } from "../../graph/tensor.ts";
import { type Codes, codesOf, takeMean } from "../../models/latent.ts";
import type { Model } from "../../models/model.ts";
import { samplerOf, type StepScalars, type Symbolic } from "../../models/sampler.ts";
import { conditioned, type Context, evaluation } from "../../nn/context.ts";
import { conditionOf, dataFields } from "../../models/conditioning.ts";
import { sqrt } from "../../ops/arithmetic.ts";
import { Delta } from "../../distributions/delta.ts";
import { Independent } from "../../distributions/independent.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { fieldInputs } from "../../training/batch-inputs.ts";
import type { FieldSpec } from "../../data/spec.ts";
import type { Shape } from "../../graph/shape.ts";

/** A function of a model for a batch: its inputs by name, in order, and its outputs. Noise is an input where it is drawn. */
export interface ModelGraph {
  readonly name: string;
  /** One line for a reader. */
  readonly about: string;
  build(batch: number): { readonly inputs: ReadonlyMap<string, Input>; readonly outputs: ReadonlyMap<string, Tensor> };
}

interface Exported {
  readonly model: Model;
  /** Of one example. */
  readonly shape: Shape;
}

/** The functions that a model has: encoder, decoder, reconstruction, bound, density, classifier, discriminator, and its sampler as one graph or step by step. */
export function modelGraphs({ model, shape }: Exported): readonly ModelGraph[] {
  const ofExamples = (
    name: string,
    about: string,
    f: (x: Tensor, context: Context) => Readonly<Record<string, Tensor>>,
  ): ModelGraph => ({
    name,
    about,
    build(batch) {
      const x = new Input("x", [batch, ...shape]);
      const { inputs, context } = given(model, dataFields(model), batch, x);
      return { inputs: new Map([["x", x], ...inputs]), outputs: new Map(Object.entries(f(x, context))) };
    },
  });
  const graphs: ModelGraph[] = [];
  if (model.encode)
    graphs.push(
      ofExamples("encoder", "codes of examples: means of q(z|x), and their standard deviations", (x, context) => {
        const posteriors = model.encode!(x, context, takeMean);
        const codes = codesOf(posteriors, takeMean);
        return Object.fromEntries(
          (model.latents ?? []).flatMap(({ name, shape: of, dtype }) => {
            const q = posteriors[name];
            if (!q) return [];
            const full = [x.shape[0]!, ...of];
            const mean: [string, Tensor] = [name, codes[name]!.broadcastTo(full)];
            if (dtype !== "float32" || isPoint(q)) return [mean];
            return [mean, [`${name}_std`, sqrt(q.variance).broadcastTo(full)] as [string, Tensor]];
          }),
        );
      }),
    );
  if (model.decode && model.latents)
    graphs.push({
      name: "decoder",
      about: "examples of codes: means of p(x|z)",
      build(batch) {
        const codes = new Map(
          model.latents!.map(({ name, shape: of, dtype }) => [name, new Input(name, [batch, ...of], dtype)] as const),
        );
        const { inputs, context } = given(model, model.condition?.fields ?? [], batch);
        const { mean } = model.decode!(Object.fromEntries(codes), context);
        return {
          inputs: new Map([...codes, ...inputs]),
          outputs: new Map([["x", mean.broadcastTo([batch, ...shape])]]),
        };
      },
    });
  if (model.reconstruct)
    graphs.push(
      ofExamples(
        "reconstruction",
        "reconstructions of examples: means of p(x|z) at the mean of q(z|x)",
        (x, context) => ({
          x_mean: model.reconstruct!(x, context),
        }),
      ),
    );
  if (model.elbo)
    graphs.push(
      ofExamples("elbo", "the evidence lower bound in nats of each example, from one sample of z", (x, context) => ({
        elbo: model.elbo!(x, context).elbo,
      })),
    );
  if (model.logProb)
    graphs.push(
      ofExamples("log_prob", "log p(x) in nats of each example", (x, context) => ({
        log_prob: model.logProb!(x, context),
      })),
    );
  if (model.logClasses)
    graphs.push(
      ofExamples("classifier", "log q(y|x) of each class", (x, context) => ({
        log_classes: model.logClasses!(x, context),
      })),
    );
  if (model.discriminate)
    graphs.push(
      ofExamples("discriminator", "logit of each example, higher for what it takes for data", (x, context) => ({
        logit: model.discriminate!(x, context),
      })),
    );
  return [...graphs, ...samplerGraphs({ model, shape })];
}

/** How to sample with the exported graphs: which step takes which scalars, in order. */
export interface SamplingPlan {
  /** Options that the graphs were made with. Those that are numbers are inputs `option.NAME`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The graph of each step, with its scalars `at.NAME`; none where one graph samples. */
  readonly steps: readonly { readonly graph: string; readonly at: StepScalars }[];
}

/** The plan of a model's sampler at its default options; undefined where it has none. */
export function samplingPlan(model: Model): SamplingPlan | undefined {
  const sampler = samplerOf(model);
  if (!sampler) return undefined;
  const options = sampler.options.parse({}) as Readonly<Record<string, unknown>>;
  const names = new Map<string, string>();
  const steps = sampler.schedule(options).map((at) => {
    const key = Object.keys(at).join();
    if (!names.has(key)) names.set(key, names.size === 0 ? "sampler_step" : `sampler_step_${names.size + 1}`);
    return { graph: names.get(key)!, at };
  });
  return { options, steps };
}

function samplerGraphs({ model }: Exported): readonly ModelGraph[] {
  const sampler = samplerOf(model);
  const plan = samplingPlan(model);
  if (!sampler || !plan) return [];
  const symbolic = (): { readonly options: Symbolic<object>; readonly inputs: ReadonlyMap<string, Input> } => {
    const inputs = new Map<string, Input>();
    const options = Object.fromEntries(
      Object.entries(plan.options).map(([name, option]) => {
        if (typeof option !== "number") return [name, option];
        const input = new Input(`option.${name}`, []);
        inputs.set(input.name, input);
        return [name, input];
      }),
    );
    return { options, inputs };
  };
  const fields = model.condition?.fields ?? [];
  const graph = (
    name: string,
    about: string,
    f: (
      parts: { readonly batch: number; readonly options: Symbolic<object>; readonly context: Context },
      inputs: Map<string, Input>,
    ) => Readonly<Record<string, Tensor>>,
  ): ModelGraph => ({
    name,
    about,
    build(batch) {
      const { options, inputs } = symbolic();
      const own = given(model, fields, batch);
      const all = new Map<string, Input>();
      const outputs = f({ batch, options, context: own.context }, all);
      return { inputs: new Map([...all, ...own.inputs, ...inputs]), outputs: new Map(Object.entries(outputs)) };
    },
  });
  if (plan.steps.length === 0)
    return [
      graph("sampler", "new examples", ({ batch, options, context }) => ({
        x: sampler.finish(sampler.start(batch, options, context), options, context),
      })),
    ];
  // The state is an input of the same names, dtypes and shapes.
  const held = (
    { batch, options, context }: { batch: number; options: Symbolic<object>; context: Context },
    inputs: Map<string, Input>,
  ): Codes =>
    Object.fromEntries(
      Object.entries(sampler.start(batch, options, context)).map(([part, { shape: of, dtype }]) => {
        const input = new Input(`state.${part}`, of, dtype);
        inputs.set(input.name, input);
        return [part, input];
      }),
    );
  const states = (codes: Codes): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(Object.entries(codes).map(([part, t]) => [`next.${part}`, t]));
  const points = new Map(plan.steps.map((step) => [step.graph, step.at]));
  return [
    graph("sampler_start", "the state before the first step", ({ batch, options, context }) =>
      states(sampler.start(batch, options, context)),
    ),
    ...Array.from(points, ([name, at]) =>
      graph(name, "the state after a step", (parts, inputs) => {
        const state = held(parts, inputs);
        const scalars = Object.fromEntries(
          Object.keys(at).map((scalar) => {
            const input = new Input(`at.${scalar}`, []);
            inputs.set(input.name, input);
            return [scalar, input];
          }),
        );
        return states(sampler.step!(state, scalars, parts.options, parts.context));
      }),
    ),
    graph("sampler_finish", "examples of a state", (parts, inputs) => ({
      x: sampler.finish(held(parts, inputs), parts.options, parts.context),
    })),
  ];
}

/** The context of a graph whose examples are given fields, and the inputs that these are. */
function given(
  model: Model,
  fields: readonly FieldSpec[],
  batch: number,
  x?: Tensor,
): { readonly inputs: readonly (readonly [string, Input])[]; readonly context: Context } {
  const named = fieldInputs(fields, batch);
  const condition = x ? conditionOf(model, named, x) : named;
  const inputs = Object.values(named).map((input) => [input.name, input] as const);
  return { inputs, context: Object.keys(condition).length === 0 ? evaluation : conditioned(evaluation, condition) };
}

/** Whether a distribution is all probability at one point. */
const isPoint = (q: Distribution): boolean => q instanceof Delta || (q instanceof Independent && isPoint(q.base));
