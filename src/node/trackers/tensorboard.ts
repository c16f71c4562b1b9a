import { hostname } from "node:os";
import { basename, extname } from "node:path";
import { decode } from "fast-png";
import { readBytes, type RunStore } from "../../runs/storage/store.ts";
import { metricsOf, type TrackedRun, type Tracker } from "../../runs/tracking/tracking.ts";
import { fileVersion, image, scalars, sessionStart } from "./tfevents.ts";

const folder = "tensorboard";
const mostPictureBytes = 2 ** 28;

/**
 * Writes a TensorBoard event file into the run's `tensorboard/`. A resumed run gets another file, which makes TensorBoard
 * forget what earlier ones say of later steps. Throws ConfigError where the disk refuses the file, CheckpointError where the folder is a link.
 */
export async function tensorboardTracker({ run: { store }, from }: TrackedRun): Promise<Tracker> {
  await store.makeFolder(folder);
  const log = await store.openLog(await newName(store));
  const seconds = (): number => Date.now() / 1000;
  await log.append(fileVersion(seconds()));
  await log.append(sessionStart({ wallTime: seconds(), step: from + 1 }));
  return {
    async see(event) {
      const at = { wallTime: seconds(), step: event.step };
      if (event.kind === "rewind") await log.append(sessionStart({ ...at, step: event.to + 1 }));
      if (event.kind === "pictures")
        for (const picture of event.files) {
          const png = await readBytes(store, `samples/${basename(picture)}`, mostPictureBytes);
          const { width, height, channels } = decode(png);
          const tag = basename(picture, extname(picture)).replace(/-\d+$/, "");
          await log.append(image(at, tag, { png, width, height, channels }));
        }
      const results = metricsOf(event);
      if (results) await log.append(scalars(at, results));
      return undefined;
    },
    async close() {
      await log.close();
      return undefined;
    },
  };
}

/** TensorBoard reads files of a folder in the order of their names. */
async function newName(store: RunStore): Promise<string> {
  const time = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
  const host = hostname()
    .replace(/[^a-zA-Z0-9_-]+/g, "-")
    .slice(0, 40);
  for (let n = 0; ; n++) {
    const name = `${folder}/events.out.tfevents.${time}.${host}.${process.pid}.${n}`;
    if ((await store.kindOf(name)) === "nothing") return name;
  }
}
