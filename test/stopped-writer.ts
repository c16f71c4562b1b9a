/** Locks the run folder `process.argv[2]`, stops itself in the middle of the work `process.argv[3]`, and says what it went on to do. */
import { setTimeout } from "node:timers/promises";
import { FileStore } from "../src/node/files/file-store.ts";

const [, , folder = "", work = ""] = process.argv;
const store = new FileStore(folder);
const lock = await store.lock(["samples"]);
const log = await store.openLog("log");
await log.append("before\n");

/** Stops this process, as a machine that sleeps does, until somebody continues it. */
const stop = (): void => void process.kill(process.pid, "SIGSTOP");
function* content(): Generator<Uint8Array> {
  yield Uint8Array.of(1);
  stop();
  yield Uint8Array.of(2);
}
const afterwards = (write: () => Promise<void>) => (): Promise<void> => {
  stop();
  return write();
};

const works: Readonly<Record<string, () => Promise<void>>> = {
  "appends to a log": afterwards(() => log.append("after\n")),
  "opens a log": afterwards(async () => (await store.openLog("other")).close()),
  "writes a file": afterwards(() => store.write("samples/a", "after")),
  "is in the middle of a file": () => store.write("samples/a", content()),
  "is in the middle of a folder": () => store.writeFolder("samples/b", new Map([["c", content()]])),
  "makes a folder": afterwards(() => store.makeFolder("samples/b")),
  "removes a folder": afterwards(() => store.removeFolder("samples")),
  "cuts a log": afterwards(() => store.truncate("log", 0)),
  "writes nothing": async () => {
    stop();
    // The beat of a lock comes every five seconds.
    for (let i = 0; i < 200; i++) {
      lock.check();
      await setTimeout(50);
    }
  },
};
try {
  await works[work]!();
  console.log("wrote");
} catch (error) {
  console.log(String(error));
} finally {
  await log.close();
  await lock.release();
}
