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
  noise,
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
import { rewrites } from "../dist/graph/op.js";
import { cpuDevice, nodeWebgpuDevice } from "../dist/node/index.js";
import { families } from "./families/index.mjs";
import { firstLosses, serve } from "./protocol.mjs";
import { batchesOf, fill, initial } from "./uniform.mjs";

/** Steps between two losses, as in `fit`. */
const METRICS_EVERY = 20;

/** h <- h + relu(conv(h)), 64 channels, 3x3. */
class ResidualStack {
  layers = Array.from({ length: 8 }, () => new Conv(64, 64, [3, 3], { padding: 1 }));

  apply(x) {
    return this.layers.reduce((h, layer) => h.add(relu(layer.apply(h))), x);
  }
}

const vaeOf = (network, shape) =>
  vae.build(vae.config.parse({ network, latentDim: 20, activation: "relu" }), dataSpec(shape));

/** The module whose variables are the workload's parameters, and its objectives, given the workload's data and noise. */
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
/** The mean square of a network's output against a target. */
const regressionOf = (module) =>
  familyOf({ module, loss: ({ x, target }) => mean(square(module.apply(x).sub(target))) });
const familyOf = ({ module, trained: part = module, loss }) => ({
  module,
  objectives: (inputs) => {
    const context = new TrainingContext();
    const value = loss(inputs, context);
    return [{ name: "loss", loss: value, parameters: parameters(part), metrics: {}, updates: context.updates }];
  },
});

/** The same objective, its loss alone, with all noise set to zero. */
function withoutNoise(objective) {
  const nodes = new Set([objective.loss]);
  for (const node of nodes) for (const input of node.inputs) nodes.add(input);
  const noises = [...nodes].filter((node) => node instanceof Noise);
  const zeros = new Map(noises.map((leaf) => [leaf, constant(0).broadcastTo(leaf.shape)]));
  return { ...objective, loss: substitute([objective.loss], zeros)[0], metrics: {} };
}

/** Values for a module's variables: as the workload lists them, or by rule, where states that are vectors keep their own. */
function* initialValues(module, workload) {
  const found = [...variables(module)];
  if (!(workload.kind in families)) {
    for (const [i, [name, variable]] of found.entries()) {
      const [values, shape] = arranged(workload.parameters[i]);
      if (`${variable.shape}` !== `${shape}`)
        throw new Error(`${name} is [${variable.shape}], the workload's parameter ${i} [${shape}]`);
      yield [variable, values];
    }
    return;
  }
  const states = found.filter(([, variable]) => !variable.trainable && variable.rank > 1);
  for (const [i, [name, variable]] of [...parameters(module), ...states].entries())
    yield [variable, fill(initial(i, variable.shape, { gain: name.endsWith("gain") }))];
}

async function writeParameters(store, module, workload) {
  for (const [variable, values] of initialValues(module, workload)) await store.write(variable, values);
}

/** Dense weights are [out, in] here. */
function arranged(spec) {
  const values = fill(spec);
  if (spec.shape.length !== 2) return [values, spec.shape];
  const [rows, columns] = spec.shape;
  return [values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]), [columns, rows]];
}

const byName = (specs, tensorOf) => Object.fromEntries(specs.map((spec) => [spec.name, tensorOf(spec)]));
const dataInputs = ({ data }) => byName(data, ({ name, shape, dtype }) => new Input(name, shape.slice(1), dtype));

/** Batches by the step that takes them. */
function ringsOf(specs) {
  const rings = specs.map((spec) => [spec.name, batchesOf(spec)]);
  return (at) => Object.fromEntries(rings.map(([name, batches]) => [name, batches[at % batches.length]]));
}

/** A training workload as an engine. */
async function training(workload, device, lossEvery) {
  const { module, objectives } = trained[workload.kind]?.() ?? familyOf(families[workload.kind]());
  const { data, noise: sampled = [] } = workload;
  const inputs = dataInputs(workload);
  const batchAt = ringsOf([...data, ...sampled.map((spec) => ({ ...spec, shape: [1, ...spec.shape] }))]);
  const stepOf = (list) =>
    new TrainingStep({
      device,
      variables: variables(module),
      objectives: list,
      optimizer: adam({ learningRate: 1e-3 }),
    });
  const initialize = async (step) => {
    await step.initialize(0);
    await writeParameters(step.store, module, workload);
  };
  const runStep = (step, at, metrics) =>
    step.run({ inputs: { ...batchAt(at), step: Float32Array.of(at + 1) }, seed: 0, step: at + 1, metrics });
  const quiet = () => {
    const fixed = byName(sampled, ({ name, shape }) => new Input(name, shape));
    return objectives({ ...inputs, ...fixed }).map(withoutNoise);
  };
  const noisy = () =>
    objectives({ ...inputs, ...byName(sampled, ({ distribution, shape }) => noise[distribution](shape)) });
  let step;
  let position = METRICS_EVERY;
  return {
    async check() {
      const start = performance.now();
      const checked = stepOf(quiet());
      const traceMs = performance.now() - start;
      await initialize(checked);
      const { checks, firstMs } = await firstLosses(async (at) => (await runStep(checked, at, true)).loss);
      await checked.release();
      step = stepOf(noisy());
      await initialize(step);
      // With the loss and without it: both graphs are compiled before the rounds.
      for (const metrics of [true, false]) await runStep(step, position++, metrics);
      return { checks, compileMs: traceMs + firstMs };
    },
    async run(steps) {
      // A GPU still works when the last run returns; reading a loss waits for it.
      const waits = (at) => device.residency === "device" && at === position + steps - 1;
      for (let at = position; at < position + steps; at++) await runStep(step, at, at % lossEvery === 0 || waits(at));
      position += steps;
    },
  };
}

/** Means of p(x|z) for codes from the prior. */
function means(model, count) {
  const sampler = samplerOf(model);
  const options = { temperature: constant(1), mean: true };
  return sampler.finish(sampler.start(count, options, evaluation), options, evaluation);
}

/** A forward pass: the module whose variables are the workload's parameters, its output, and the same of the data alone. */
const passes = {
  encode: ({ x }) => {
    const { encoder } = vaeOf("mlp", [784]);
    const output = encoder.apply(x, evaluation);
    return { module: encoder, output, checked: output };
  },
  sample: ({ z }) => {
    const model = vaeOf("mlp", [784]);
    return { module: model.decoder, output: means(model, z.shape[0]), checked: model.decode({ z }, evaluation).mean };
  },
};
function familyPass(kind, inputs) {
  const { module, output: outputOf } = families[kind]();
  const output = outputOf(inputs);
  return { module, output, checked: output };
}

/** A forward workload as an engine. */
async function throughput(workload, device) {
  const { kind } = workload;
  const start = performance.now();
  const inputs = dataInputs(workload);
  const { module, output, checked } = passes[kind]?.(inputs) ?? familyPass(kind, inputs);
  const traceMs = performance.now() - start;
  const store = createVariables(device, [...variables(module).values()]);
  await writeParameters(store, module, workload);
  // Batches of 64 as a trained model runs them.
  const frozen = kind in families;
  const program = (name, value) => new Program(store, { name, outputs: new Map([["output", value]]), frozen });
  const timed = program("timed", output);
  const readsData = output === checked;
  const batchAt = ringsOf(workload.data);
  let position = 0;
  return {
    async check() {
      const quiet = program("check", mean(square(checked)));
      const { checks, firstMs } = await firstLosses(
        async () => (await quiet.run({ inputs: batchAt(0), outputs: ["output"] })).output[0],
        1,
      );
      await quiet.release();
      return { checks, compileMs: traceMs + firstMs };
    },
    async run(steps) {
      for (const end = position + steps; position < end; position++)
        await timed.run({ inputs: readsData ? batchAt(position) : {}, outputs: ["output"], seed: 0, step: position });
    },
  };
}

await serve(async (workload, { loss = false, without = [], threads, gpu = false }) => {
  const unknown = without.find((name) => !rewrites.includes(name));
  if (unknown !== undefined)
    throw new Error(`--without: unknown rewrite, got ${unknown}, expected some of ${rewrites.join(", ")}`);
  const device = await (gpu ? nodeWebgpuDevice() : cpuDevice(threads, { without }));
  if (!workload.trains) return { ...(await throughput(workload, device)), note: device.description };
  const lossEvery = loss ? 1 : METRICS_EVERY;
  const note = loss ? "the loss in every step" : `${device.description}; the loss in every ${lossEvery}th step`;
  return { ...(await training(workload, device, lossEvery)), note };
});
