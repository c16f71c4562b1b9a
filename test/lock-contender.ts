/** Takes the run lock of a folder at a given instant, says whether it got it, and gives it up when told to. Its parent talks to it. */
import { ConfigError } from "../src/errors.ts";
import { acquireRunLock, byCreation, type RunLock } from "../src/node/files/run-lock.ts";

export interface ToContender {
  readonly folder: string;
  readonly claim: "byLink" | "byCreation";
  readonly atMs: number;
}
export type FromContender = "ready" | "got it" | "refused" | "released";

const tell = (message: FromContender): void => void process.send!(message);
let lock: RunLock | undefined;

process.on("message", (message: ToContender | "release") => {
  void (async () => {
    if (message === "release") {
      await lock?.release();
      return tell("released");
    }
    while (performance.timeOrigin + performance.now() < message.atMs);
    try {
      lock = await acquireRunLock(message.folder, message.claim === "byCreation" ? byCreation : undefined);
      tell("got it");
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      lock = undefined;
      tell("refused");
    }
  })();
});
tell("ready");
