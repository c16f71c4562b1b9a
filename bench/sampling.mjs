/** What the host's loop costs a sampler of many steps: 1000 steps over 64 points, against as many bare runs of the compiled step. */
import { cpuDevice } from "../dist/node/index.js";
import { median } from "./measure.mjs";
import {
  concat,
  createVariables,
  Input,
  MLP,
  noise,
  Program,
  TrainedModel,
  variables,
  Variable,
} from "../dist/index.js";
import { z } from "zod";

const steps = 1000;
const rounds = 5;
const count = 64;

/** A denoiser of points by its schedule: the graph of a small diffusion model's step. */
class Denoiser {
  network = new MLP([3, 128, 128, 2], { activation: "silu" });
  sampler = {
    options: z.strictObject({}),
    schedule: () => Array.from({ length: steps }, (_, t) => ({ time: t / steps })),
    start: (/** @type {number} */ rows) => ({ x: noise.normal([rows, 2]) }),
    step: (/** @type {any} */ { x }, /** @type {any} */ { time }) => ({ x: this.next(x, time) }),
    finish: (/** @type {any} */ { x }) => x,
  };
  objectives() {
    return [];
  }
  next(/** @type {any} */ x, /** @type {any} */ time) {
    const eps = this.network.apply(concat([x, time.broadcastTo([x.shape[0], 1])], 1));
    return x.sub(eps.mul(0.01)).add(noise.normal(x.shape).mul(0.01));
  }
}

/** @returns {Promise<import("./measure.mjs").Row[]>} */
export async function measureSampling() {
  const device = await cpuDevice(2);
  const model = new Denoiser();
  const store = createVariables(device, variables(model).values());
  for (const variable of variables(model).values())
    await store.write(
      variable,
      Float32Array.from({ length: variable.size }, (_, i) => Math.sin(i) / 20),
    );
  const trained = new TrainedModel(model, { store, shape: [2], frozen: true });

  const state = new Variable([count, 2], { kind: "constant", value: 0 }, { trainable: false });
  const bareStore = createVariables(device, [state, ...variables(model).values()]);
  for (const variable of variables(model).values()) await bareStore.write(variable, await store.read(variable));
  const time = new Input("time", []);
  const bare = new Program(bareStore, { name: "bare", updates: new Map([[state, model.next(state, time)]]) });
  const at = Float32Array.of(0.5);
  const bareRuns = async () => {
    for (let k = 0; k < steps; k++) await bare.run({ inputs: { time: at }, seed: 0, step: k });
  };
  const sampled = () => trained.sample(count);
  const timed = async (/** @type {() => Promise<unknown>} */ work) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  await sampled();
  await bareRuns();
  const sampler = [];
  const bareTimes = [];
  for (let round = 0; round < rounds; round++) {
    sampler.push(await timed(sampled));
    bareTimes.push(await timed(bareRuns));
  }
  const compiled = trained.compiledCount;
  await sampled();
  if (trained.compiledCount !== compiled) throw new Error("sampling: a second call compiled something");
  await trained.release();
  const row = (/** @type {string} */ engine, /** @type {number[]} */ times, /** @type {string} */ note) => ({
    workload: "sampling",
    engine,
    note,
    msPerStep: Math.min(...times) / steps,
    medianMsPerStep: median(times) / steps,
    ratioToLatentkit: Math.min(...times) / Math.min(...sampler),
    medianRatio: median(times) / median(sampler),
  });
  return [
    row("latentkit", sampler, "a second call of sample(64): nothing is compiled"),
    row("bare", bareTimes, "as many runs of the compiled step"),
  ];
}
