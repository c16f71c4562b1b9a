import { beforeAll, expect, test } from "vitest";
import { follow } from "../../../test/follow-training.ts";
import { proofPlatform } from "../../../test/proof/proof-run.ts";
import { wganGP } from "../../../test/proof/wgan-gp.ts";
import { decodePng } from "../../pictures/png.ts";
import { vae } from "../../models/index.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { loadRun } from "../load-run.ts";
import { reportPage } from "../reports/run-report.ts";
import { resumeRun } from "../resume-run.ts";
import { startRun } from "../start-run.ts";
import { readBytes } from "../storage/store.ts";
import type { TrainingEvent } from "../training-event.ts";
import type { TrainingRun } from "../training-run.ts";
import { writeFilm } from "./film.ts";

const start = (
  out: string,
  data: string,
  settings: object,
  definition: ModelDefinition = wganGP,
): Promise<TrainingRun> =>
  startRun(
    {
      definition,
      config: definition === wganGP ? { hiddenDim: 16 } : { hiddenDims: [16] },
      settings: { device: "cpu", threads: 1, batchSize: 50, selectBy: "none", ...settings },
      data,
      binarize: "none",
      seed: 0,
    },
    { out },
    proofPlatform,
  );
const storeOf = (out: string) => proofPlatform.openStore(out);
const pictureOf = (out: string, epoch: number) => readBytes(storeOf(out), `samples/epoch-${epoch}.png`, 2 ** 24);
const filmOf = (out: string) => readBytes(storeOf(out), "samples/samples.gif", 2 ** 24);
/** Frames of a GIF: each has a graphic control extension. */
const framesIn = (gif: Uint8Array): number =>
  gif.reduce((count, byte, i) => count + Number(byte === 0x21 && gif[i + 1] === 0xf9 && gif[i + 2] === 4), 0);
const only = <K extends TrainingEvent["kind"]>(events: readonly TrainingEvent[], kind: K) =>
  events.filter((event): event is Extract<TrainingEvent, { kind: K }> => event.kind === kind);

const data = "toy:8gaussians:1000";
let events: readonly TrainingEvent[];
beforeAll(async () => {
  // Twenty batches an epoch and five a step: four steps, 120 epochs.
  events = await follow(await start("filmed", data, { steps: 480 }));
});

test("a model without validation metrics has at most about 40 pictures, and a film of them at its end", async () => {
  const pictures = only(events, "pictures");
  // What a picture costs allows one in 13 of these short epochs.
  expect(pictures.map(({ epoch }) => epoch)).toEqual([13, 26, 39, 52, 65, 78, 91, 104, 117]);
  expect(pictures.map(({ step }) => step)).toEqual([52, 104, 156, 208, 260, 312, 364, 416, 468]);
  expect(only(events, "film")).toEqual([{ kind: "film", step: 480, file: "filmed/samples/samples.gif" }]);
  expect(framesIn(await filmOf("filmed"))).toBe(9);
  const long = await start("long", "toy:8gaussians:20000", { epochs: 1000, batchSize: 1000 });
  expect(long.run.info.training["picturesEvery"]).toBe(25);
  await long.close();
  const own = await start("own", data, { epochs: 2 }, vae);
  expect(own.run.info.training).not.toHaveProperty("picturesEvery");
  await own.close();
});

test("points lie over the discriminator's field, on the same axes in every frame", async () => {
  const [first, last] = [
    await decodePng(await pictureOf("filmed", 13), "first"),
    await decodePng(await pictureOf("filmed", 117), "last"),
  ];
  expect([first.channels, first.width, first.height]).toEqual([3, last.width, last.height]);
  // Real points are where they were: dark in both, wherever no generated point covers them.
  const dark = ({ data, width }: typeof first): Set<number> =>
    new Set(
      Array.from({ length: 320 * 320 }, (_, i) => (30 + Math.floor(i / 320)) * width + 8 + (i % 320)).filter(
        (at) => data[3 * at]! < 110 && data[3 * at + 2]! < 140,
      ),
    );
  const [before, after] = [dark(first), dark(last)];
  expect(before.size).toBeGreaterThan(100);
  const still = [...before].filter((at) => after.has(at)).length;
  expect(still / before.size).toBeGreaterThan(0.6);
});

test.each(["toy:8gaussians:1000", "digits:500"])("the codes of %s are the same in every picture", async (source) => {
  const still = { epochs: 3, picturesEvery: 1, learningRate: 1e-30 };
  await follow(await start(`still ${source}`, source, still, vae));
  const [first, second, third] = await Promise.all([1, 2, 3].map((epoch) => pictureOf(`still ${source}`, epoch)));
  expect(Buffer.compare(first!, second!)).toBe(0);
  expect(Buffer.compare(first!, third!)).toBe(0);
  const other = await loadRun(`still ${source}`, await cpuDevice(1), proofPlatform);
  expect(await other.trained.sample(8, { seed: 1 })).not.toEqual(await other.trained.sample(8, { seed: 0 }));
});

test("a run that was stopped and resumed has the film of the whole", async () => {
  await follow(await start("cut", data, { steps: 480 }), ({ step }) => step === 200);
  await follow(await resumeRun("cut", {}, proofPlatform));
  expect(Buffer.compare(await filmOf("cut"), await filmOf("filmed"))).toBe(0);
});

test("the report shows the film", async () => {
  const loaded = await loadRun("filmed", await cpuDevice(1), proofPlatform, { checkpoint: "last" });
  const html = await reportPage(loaded);
  expect(html).toContain(`src="data:image/gif;base64,${Buffer.from(await filmOf("filmed")).toString("base64")}"`);
});

test("a film has a hundred frames at most, to the last, and none of one picture or of later epochs", async () => {
  const { run } = await loadRun("filmed", await cpuDevice(1), proofPlatform, { checkpoint: "last" });
  const frame = await pictureOf("filmed", 117);
  for (let epoch = 1; epoch <= 250; epoch++) await run.writeSample(`epoch-${epoch}.png`, [frame]);
  await writeFilm(run, 250);
  expect(framesIn(await filmOf("filmed"))).toBe(84);
  await writeFilm(run, 3);
  expect(framesIn(await filmOf("filmed"))).toBe(3);
  expect(await writeFilm(run, 1)).toBeUndefined();
});

test("a picture that is damaged costs the film, not the run", async () => {
  const training = await start("damaged", data, { steps: 40, picturesEvery: 2 });
  const seen: TrainingEvent[] = [];
  for await (const event of training.train()) {
    seen.push(event);
    if (event.kind === "pictures" && event.epoch === 4) await training.run.writeSample("epoch-2.png", "no picture");
  }
  await training.close();
  expect(only(seen, "film")).toEqual([]);
  expect(only(seen, "warning").map(({ message }) => message)).toEqual([
    "damaged/samples/epoch-2.png: not a picture of a run, got another file, expected a PNG file as Latentkit writes it",
  ]);
  expect(seen.at(-1)?.kind).toBe("done");
});

test("a model without a discriminator has no output of one", async () => {
  const loaded = await loadRun("still toy:8gaussians:1000", await cpuDevice(1), proofPlatform);
  await expect(loaded.trained.discriminate(Float32Array.of(0, 0))).rejects.toThrow(
    "model: it lacks what this needs, got a model that has no discriminator, expected one that has a discriminator",
  );
});
