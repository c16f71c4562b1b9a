import { expect, test } from "vitest";
import { z } from "zod";
import { dataSpec } from "../../data/spec.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import { buildModel } from "../../models/build-model.ts";
import type { Model, Objective } from "../../models/model.ts";
import { registry } from "../../models/registry.ts";
import { checkModel } from "./check-model.ts";

const spec = dataSpec([3]);
const w = new Variable([3], { kind: "constant", value: 0 });
const zeros = (...shape: number[]): Tensor => constant(0).broadcastTo(shape);
const normal = (...shape: number[]): Normal => new Normal(zeros(...shape), constant(1));

/** One Gaussian's mean. */
const objective = (x: Tensor): Objective => ({
  name: "loss",
  loss: x.sub(w).mul(x.sub(w)).mean(),
  parameters: new Map([["w", w]]),
  metrics: {},
});
const own: Model = { objectives: ({ x }) => [objective(x)], logProb: (x) => x.sub(w).sum([1]) };

const latents = [{ name: "z", shape: [2], dtype: "float32" }] as const;
const sampled = { options: z.strictObject({}), schedule: () => [], start: () => ({ x: zeros(2, 3) }) };
const finish = ({ x }: Readonly<Record<string, Tensor>>): Tensor => x!;

/** As JavaScript gives them: the types refuse most of these. */
const objectives = (change: object): object => ({
  objectives: ({ x }: { x: Tensor }) => [{ ...objective(x), ...change }],
});
const raises = (message: string) => (): never => {
  throw new TypeError(message);
};

test.each<readonly [string, object, RegExp]>([
  [
    "objectives of nothing",
    { objectives: () => undefined },
    /^own: objectives gives nothing to minimize, got nothing, /,
  ],
  ["no list of them", { objectives: () => ({}) }, /^own: objectives gives .*, got an object, expected a list/],
  ["an empty one", { objectives: () => [] }, /, got an empty list, /],
  [
    "one that throws",
    { objectives: raises("x.sqrt is not a function") },
    /^own: objectives throws, got x.sqrt is not a /,
  ],
  ["no loss", objectives({ loss: undefined }), /^own: the loss of objective loss is no tensor, got nothing, /],
  [
    "a loss of each example",
    objectives({ loss: zeros(2) }),
    /^own: the loss of objective loss is no scalar, got float32\[2\]/,
  ],
  ["no metrics", objectives({ metrics: undefined }), /^own: the metrics of objective loss are missing, got nothing, /],
  [
    "a metric of each example",
    objectives({ metrics: { a: zeros(2) } }),
    /^own: metric a of objective loss is no scalar/,
  ],
  [
    "parameters in an object",
    objectives({ parameters: { w } }),
    /^own: the parameters of .* no map of variables, got an object/,
  ],
  ["every 0th step", objectives({ every: 0 }), /^own: every of objective loss is no number of steps, got 0, /],
  ["half a repeat", objectives({ repeat: { times: 0.5, batches: "same" } }), /^own: repeat.times of .*, got 0.5, /],
  ["repeats of other batches", objectives({ repeat: { times: 2, batches: "x" } }), /^own: repeat.batches .*, got x, /],
  [
    "two objectives of one name",
    { objectives: ({ x }: { x: Tensor }) => [objective(x), objective(x)] },
    /^own: two objectives have one name, got loss twice, /,
  ],
  [
    "a latent of no numbers",
    { latents: [{ ...latents[0], shape: [0] }] },
    /^own: the shape of latent z is none, got \[0\]/,
  ],
  [
    "a latent in float64",
    { latents: [{ ...latents[0], dtype: "float64" }] },
    /^own: the dtype of latent z is none, got float64/,
  ],
  ["two latents of one name", { latents: [latents[0], latents[0]] }, /^own: two latents have one name, got z twice/],
  [
    "encode of another latent",
    { latents, encode: () => ({ y: normal(2, 2) }) },
    /^own: encode lacks a latent, got y, expected z too/,
  ],
  [
    "encode without distributions",
    { latents, encode: () => ({ z: zeros(2, 2) }) },
    /^own: encode of z is no distribution, got a tensor/,
  ],
  [
    "encode of another shape",
    { latents, encode: () => ({ z: normal(2, 4) }) },
    /^own: encode of z has .*, got \[2, 4\] for 2 examples, expected \[2, 2\]/,
  ],
  [
    "encode that throws",
    { latents, encode: raises("x.sqrt is not a function") },
    /^own: encode throws, got x.sqrt is not a function, expected a distribution of each latent$/,
  ],
  ["shapes that do not fit", { logProb: (x: Tensor) => x.add(zeros(2, 5)) }, /^own: logProb: .*\[2,3\].*\[2,5\]/],
  [
    "a score of each value",
    { discriminate: (x: Tensor) => x },
    /^own: discriminate has the wrong shape, got \[2, 3\] for 2 examples, expected \[2\]$/,
  ],
  [
    "a prior of samples",
    { latents: [{ ...latents[0], prior: () => zeros(2, 2) }] },
    /^own: the prior of z is no distribution/,
  ],
  ["a decoder of means", { latents, decode: () => zeros(2, 3) }, /^own: decode is no distribution, got a tensor, /],
  ["corrupt of another shape", { corrupt: () => zeros(2, 4) }, /^own: corrupt has the wrong shape, got \[2, 4\]/],
  [
    "a bound of pixels",
    { elbo: () => ({ elbo: zeros(2, 3), distortion: zeros(2), rates: {} }) },
    /^own: elbo has the wrong shape, got \[2, 3\]/,
  ],
  [
    "a bound without rates",
    { elbo: () => ({ elbo: zeros(2), distortion: zeros(2) }) },
    /^own: the rates of elbo .*, got nothing/,
  ],
  [
    "a distortion of all",
    { elbo: () => ({ elbo: zeros(2), distortion: zeros(), rates: {} }) },
    /^own: the distortion of elbo has/,
  ],
  ["no validation metric", { validation: () => ({}) }, /^own: validation gives no metric, got none, /],
  [
    "validation in numbers",
    { validation: () => ({ nll: 3 }) },
    /^own: validation metric nll .*, got a number for 2 examples, /,
  ],
  [
    "an option without default",
    { sampler: { ...sampled, finish, options: z.strictObject({ steps: z.int() }) } },
    /^own: a sampler's option has no default, got none for steps, /,
  ],
  [
    "an option that is a flag",
    { sampler: { ...sampled, finish, options: z.strictObject({ count: z.int().default(1) }) } },
    /^own: the name of a sampler's option is taken, got count, /,
  ],
  [
    "samples of another shape",
    { sampler: { ...sampled, finish: () => zeros(2, 4) } },
    /^own: the sampler has the wrong shape, got \[2, 4\]/,
  ],
  [
    "a schedule without a step",
    { sampler: { ...sampled, finish, schedule: () => [{ t: 1 }] } },
    /^own: the sampler's step is missing/,
  ],
  [
    "a step of other scalars that loses its state",
    {
      sampler: {
        ...sampled,
        finish,
        schedule: () => [{ t: 1 }, { u: 1 }],
        step: (state: object, at: object) => ("u" in at ? {} : state),
      },
    },
    /^own: the sampler's step changes its state x, got none, /,
  ],
  [
    "a step that loses its state",
    { sampler: { ...sampled, finish, schedule: () => [{ t: 1 }], step: finish } },
    /^own: the sampler's step gives no state, got a tensor/,
  ],
  [
    "a step of another shape",
    { sampler: { ...sampled, finish, schedule: () => [{ t: 1 }], step: () => ({ x: zeros(6) }) } },
    /^own: the sampler's step changes its state x, got float32\[6\], expected float32\[2,3\]$/,
  ],
])("%s", (_, change, message) => {
  expect(() => checkModel("own", { ...own, ...change }, spec)).toThrow(message);
});

test("what was thrown is the cause", () => {
  const thrown = new TypeError("x.sqrt is not a function");
  const model = {
    ...own,
    logProb: (): never => {
      throw thrown;
    },
  };
  expect(() => checkModel("own", model, spec)).toThrow(expect.objectContaining({ name: "ConfigError", cause: thrown }));
});

test.each<readonly [string, () => unknown, RegExp]>([
  ["throws", raises("boom"), /^own: build throws, got boom, expected a model$/],
  ["gives nothing", () => undefined, /^own: build returns no model, got nothing, /],
  ["gives a promise", async () => own, /^own: build returns no model, got a promise, /],
])("a build that %s", (_, build, message) => {
  expect(() => buildModel({ build: build as () => Model }, {}, spec, "own")).toThrow(message);
});

test.each(registry)("$name passes", (definition) => {
  const data = dataSpec([1, 28, 28], {
    range: [0, 255],
    fields: [{ name: "class", kind: "class", classes: ["a", "b"] }],
  });
  expect(() => checkModel("it", buildModel(definition, definition.config.parse({}), data, "it"), data)).not.toThrow();
});
