/** Latentkit as its users train: a model's objectives compiled into one training step, its capabilities into programs. */
import {
  adam,
  constant,
  Conv,
  createVariables,
  dataSpec,
  evaluation,
  Input,
  mean,
  MLP,
  Noise,
  parameters,
  Program,
  relu,
  samplerOf,
  square,
  substitute,
  TrainingContext,
  TrainingStep,
  vae,
  variables,
} from "../dist/index.js";
import { cpuDevice } from "../dist/node/index.js";
import { firstLosses, serve } from "./protocol.mjs";
import { CHECKED_STEPS, fill } from "./workloads.mjs";

/** Steps between two losses, as in `fit`. */
const METRICS_EVERY = 20;

/** h <- h + relu(conv(h)), 64 channels, 3x3. */
class ResidualStack {
  layers = Array.from({ length: 8 }, () => new Conv(64, 64, [3, 3], { padding: 1 }));

  apply(x) {
    return this.layers.reduce((h, layer) => h.add(relu(layer.apply(h))), x);
  }
}

/** One objective: the mean square of a network's output against a target. */
const regression = (network, { x, target }) => [
  { name: "loss", loss: mean(square(network.apply(x).sub(target))), parameters: parameters(network), metrics: {} },
];

const vaeOf = (network, shape) =>
  vae.build(vae.config.parse({ network, latentDim: 20, activation: "relu" }), dataSpec(shape));

/** The module whose variables are the workload's parameters, and its objectives. */
const trained = {
  "vae-mlp": () => objectivesOf(vaeOf("mlp", [784])),
  "vae-conv": () => objectivesOf(vaeOf("conv", [1, 28, 28])),
  residual: () => regressionOf(new ResidualStack()),
  mlp: () => regressionOf(new MLP([2, 64, 64, 2], { activation: "relu" })),
};
const objectivesOf = (model) => ({
  module: model,
  objectives: (inputs) => {
    const context = new TrainingContext();
    const batch = { ...inputs, fields: {}, labeledFraction: 1, step: new Input("step", []) };
    return model.objectives(batch, () => context);
  },
});
const regressionOf = (network) => ({ module: network, objectives: (inputs) => regression(network, inputs) });

/** The same tensor with all noise set to zero. */
function withoutNoise(tensor) {
  const nodes = new Set([tensor]);
  for (const node of nodes) for (const input of node.inputs) nodes.add(input);
  const noises = [...nodes].filter((node) => node instanceof Noise);
  return substitute([tensor], new Map(noises.map((leaf) => [leaf, constant(0).broadcastTo(leaf.shape)])))[0];
}

async function writeParameters(store, module, specs) {
  const found = [...variables(module)];
  for (const [i, [name, variable]] of found.entries()) {
    const [values, shape] = arranged(specs[i]);
    if (`${variable.shape}` !== `${shape}`)
      throw new Error(`${name} is [${variable.shape}], the workload's parameter ${i} [${shape}]`);
    await store.write(variable, values);
  }
}

/** Dense weights are [out, in] here. */
function arranged(spec) {
  const values = fill(spec);
  if (spec.shape.length !== 2) return [values, spec.shape];
  const [rows, columns] = spec.shape;
  return [values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]), [columns, rows]];
}

const batchesOf = (spec) => {
  const values = fill(spec);
  const size = values.length / spec.shape[0];
  return Array.from({ length: spec.shape[0] }, (_, i) => values.slice(i * size, (i + 1) * size));
};

/** A training workload as an engine. */
async function training(workload, device, lossEvery) {
  const { module, objectives } = trained[workload.kind]();
  const inputs = Object.fromEntries(workload.data.map(({ name, shape }) => [name, new Input(name, shape.slice(1))]));
  const rings = workload.data.map((spec) => ({ name: spec.name, batches: batchesOf(spec) }));
  const compiled = async (list) => {
    const optimizer = adam({ learningRate: 1e-3 });
    const step = new TrainingStep({ device, variables: variables(module), objectives: list, optimizer });
    await step.initialize(0);
    await writeParameters(step.store, module, workload.parameters);
    return step;
  };
  const runStep = (step, at, metrics) => {
    const batch = rings.map(({ name, batches }) => [name, batches[at % batches.length]]);
    const given = { ...Object.fromEntries(batch), step: Float32Array.of(at + 1) };
    return step.run({ inputs: given, seed: 0, step: at + 1, metrics });
  };
  const list = objectives(inputs);
  let step;
  let position = CHECKED_STEPS;
  return {
    async check() {
      const quiet = list.map((objective) => ({ ...objective, loss: withoutNoise(objective.loss), metrics: {} }));
      const checked = await compiled(quiet);
      const losses = await firstLosses(async (at) => (await runStep(checked, at, true)).loss);
      await checked.release();
      step = await compiled(list);
      return losses;
    },
    async run(steps) {
      for (const end = position + steps; position < end; position++)
        await runStep(step, position, position % lossEvery === 0);
    },
  };
}

/** Means of p(x|z) for codes from the prior. */
function means(model, count) {
  const sampler = samplerOf(model);
  const options = { temperature: constant(1), mean: true };
  return sampler.finish(sampler.start(count, options, evaluation), options, evaluation);
}

/** A forward workload as an engine. */
async function throughput(workload, device) {
  const model = vaeOf("mlp", [784]);
  const [spec] = workload.data;
  const x = new Input(spec.name, spec.shape.slice(1));
  const encodes = workload.kind === "encode";
  const found = [...variables(encodes ? model.encoder : model.decoder).values()];
  const store = createVariables(device, found);
  await writeParameters(store, encodes ? model.encoder : model.decoder, workload.parameters);
  const output = encodes ? model.encoder.apply(x, evaluation) : means(model, workload.batch);
  const checked = encodes ? output : model.decode({ z: x }, evaluation).mean;
  const program = (name, value) => new Program(store, { name, outputs: new Map([["output", value]]) });
  const timed = program("timed", output);
  const batches = batchesOf(spec);
  let position = 0;
  return {
    async check() {
      const quiet = program("check", mean(square(checked)));
      const result = await quiet.run({ inputs: { [spec.name]: batches[0] }, outputs: ["output"] });
      await quiet.release();
      return [result.output[0]];
    },
    async run(steps) {
      for (const end = position + steps; position < end; position++) {
        const inputs = encodes ? { [spec.name]: batches[position % batches.length] } : {};
        await timed.run({ inputs, outputs: ["output"], seed: 0, step: position });
      }
    },
  };
}

await serve(async (workload, variant) => {
  const device = await cpuDevice(2);
  if (!workload.trains) return { ...(await throughput(workload, device)), note: device.description };
  const lossEvery = variant === "loss" ? 1 : METRICS_EVERY;
  const note =
    variant === "loss" ? "the loss in every step" : `${device.description}; the loss in every ${lossEvery}th step`;
  return { ...(await training(workload, device, lossEvery)), note };
});
