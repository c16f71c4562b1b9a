import { digitsSource, grid, vae } from "latentkit";
import { train, writePng } from "latentkit/node";

const run = await train(vae({ latentDim: 10 }), await digitsSource(), { epochs: 20 });
console.log((await run.metrics()).test); // negElbo, rate and distortion in nats per example

const images = await run.sample(64, { mean: true }); // [64, 1, 28, 28]
await writePng("samples.png", grid(images, { count: 64, channels: 1, height: 28, width: 28, scale: 2 }));
await run.release();
