/** Pictures of training as one animation. */
import { LatentkitError } from "../../errors.ts";
import { encodeGif } from "../../pictures/gif.ts";
import { decodePng } from "../../pictures/png.ts";
import { type Run, samplesFolder } from "../run.ts";
import { readBytes } from "../storage/store.ts";
import type { TrainingEvent } from "../training-event.ts";

export const filmName = "samples.gif";
/** Frames of a film: more are thinned out evenly, to the last. */
export const mostFrames = 100;
const mostPictureBytes = 2 ** 24;
const mostFilmBytes = 2 ** 25;
/** A film lasts about so long, at no fewer than five frames a second, and rests on its last frame. */
const filmMs = 8000;
const slowestMs = 200;
const restMs = 1000;

/** How long so many frames are shown. */
export const filmTimes = (frames: number): { readonly frameMs: number; readonly restMs: number } => ({
  frameMs: Math.min(slowestMs, filmMs / frames),
  restMs,
});

/** The name of the picture after an epoch. */
export const epochPicture = (epoch: number): string => `epoch-${epoch}.png`;

/**
 * Joins the pictures of a run up to an epoch, in their order, to `samples/samples.gif`, and returns the file; nothing where there are fewer than two.
 * They are read from the run, so that a resumed one has those of all its processes. Throws CheckpointError for a picture that is damaged.
 */
export async function writeFilm(run: Run, lastEpoch: number): Promise<string | undefined> {
  const { store } = run;
  if ((await store.kindOf(samplesFolder)) !== "folder") return undefined;
  const epochs = (await store.files(samplesFolder))
    .flatMap((name) => /^epoch-([1-9][0-9]{0,8})\.png$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((epoch) => epoch <= lastEpoch)
    .toSorted((a, b) => a - b);
  if (epochs.length < 2) return undefined;
  const frames = [];
  for (const epoch of thinned(epochs)) {
    const name = `${samplesFolder}/${epochPicture(epoch)}`;
    frames.push(await decodePng(await readBytes(store, name, mostPictureBytes), store.pathOf(name)));
  }
  return run.writeSample(filmName, [encodeGif(frames, filmTimes(frames.length))]);
}

/** The film of a run that has come to its end, as events: a picture that is damaged costs the film alone. */
export async function* filmed(
  run: Run,
  { step, epoch }: { readonly step: number; readonly epoch: number },
): AsyncGenerator<TrainingEvent> {
  try {
    const file = await writeFilm(run, epoch);
    if (file !== undefined) yield { kind: "film", step, file };
  } catch (error) {
    if (!(error instanceof LatentkitError)) throw error;
    yield { kind: "warning", step, message: error.message };
  }
}

/** At most so many of them, evenly spaced, the last one included. */
function thinned(epochs: readonly number[]): readonly number[] {
  const { length } = epochs;
  const stride = Math.ceil(length / mostFrames);
  return epochs.filter((_, i) => (length - 1 - i) % stride === 0);
}

/** The bytes of a run's film; undefined where it has none. Throws CheckpointError for one that is too large. */
export async function readFilm({ store }: Run): Promise<Uint8Array | undefined> {
  const name = `${samplesFolder}/${filmName}`;
  return (await store.kindOf(name)) === "file" ? readBytes(store, name, mostFilmBytes) : undefined;
}
