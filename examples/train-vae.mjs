import { adam, Batches, compileStep, digitsSource, fit, grid, TrainedModel, vae } from "latentkit";
import { pickDevice, writePng } from "latentkit/node";

const data = await digitsSource();
const { shape } = data.train.dataset; // [1, 28, 28]
const model = vae.build(vae.config.parse({ latentDim: 10 }), { shape });

const { device } = await pickDevice("auto");
const batches = new Batches(data.train, { batchSize: 128, purpose: "training", binarize: "dynamic" });
const step = compileStep(model, { device, shape, batchSize: 128, optimizer: adam({ learningRate: 1e-3 }) });
await step.initialize(0);

for await (const { step: n, metrics } of fit({ step, batches, seed: 0, steps: Number(process.argv[2] ?? 2000) }))
  if (metrics) console.log(n, metrics.negElbo, "nats per example");

const trained = new TrainedModel(model, { store: step.store, shape });
const images = await trained.sample(64);
await writePng("samples.png", grid(images, { count: 64, channels: 1, height: 28, width: 28, scale: 2 }));
