import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, extname, join } from "node:path";
import { decode } from "fast-png";
import { fileError, systemCode } from "../files/file-error.ts";
import { fileVersion, image, scalars, sessionStart } from "./tfevents.ts";
import { metricsOf, type TrackedRun, type Tracker } from "../../runs/tracking.ts";

/**
 * Writes a TensorBoard event file into the run's `tensorboard/`. A resumed run gets another file, which makes TensorBoard
 * forget what earlier ones say of later steps. Throws ConfigError where the disk refuses the file.
 */
export async function tensorboardTracker({ run, from }: TrackedRun): Promise<Tracker> {
  const folder = join(run.path, "tensorboard");
  const { file, path } = await newEventFile(folder);
  const seconds = (): number => Date.now() / 1000;
  await file.write(fileVersion(seconds()));
  await file.write(sessionStart({ wallTime: seconds(), step: from + 1 }));
  const write = async (record: Uint8Array): Promise<string | undefined> => {
    try {
      await file.writeFile(record);
      return undefined;
    } catch (error) {
      const refused = fileError(error, path, "write");
      if (!(refused instanceof Error) || refused === error) throw error;
      return `tensorboard: ${refused.message}`;
    }
  };
  return {
    async see(event) {
      const wallTime = seconds();
      if (event.kind === "rewind") return write(sessionStart({ wallTime, step: event.to + 1 }));
      if (event.kind === "pictures") {
        for (const picture of event.files) {
          const png = await readFile(picture);
          const { width, height, channels } = decode(png);
          const tag = basename(picture, extname(picture)).replace(/-\d+$/, "");
          const refused = await write(image({ wallTime, step: event.step }, tag, { png, width, height, channels }));
          if (refused !== undefined) return refused;
        }
        return undefined;
      }
      const results = metricsOf(event);
      return results && write(scalars({ wallTime, step: event.step }, results));
    },
    async close() {
      await file.close();
      return undefined;
    },
  };
}

/** TensorBoard reads files of a folder in the order of their names. */
async function newEventFile(folder: string): Promise<{ readonly file: FileHandle; readonly path: string }> {
  for (let n = 0; ; n++) {
    const time = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
    const host = hostname().replace(/[^a-zA-Z0-9_-]+/g, "-");
    const path = join(folder, `events.out.tfevents.${time}.${host}.${process.pid}.${n}`);
    try {
      await mkdir(folder, { recursive: true });
      return { file: await open(path, "wx"), path };
    } catch (error) {
      if (systemCode(error) !== "EEXIST" || n > 1000) throw fileError(error, path, "write");
    }
  }
}
