import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Answer, Request } from "./worker.ts";

const jiti = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");
const program = join(import.meta.dirname, "worker.ts");

/** A worker that is started when it is first asked, and again after it had to be stopped. */
export class WorkerProcess {
  #child: ChildProcess | undefined;

  /** Its answer; undefined where it gave none in time, as with a loop that does not end. */
  async ask(request: Request, timeoutMs: number): Promise<Answer | undefined> {
    const child = (this.#child ??= await started());
    const answer = await new Promise<Answer | undefined>((resolve) => {
      const settle = (found?: Answer): void => {
        clearTimeout(timer);
        child.off("message", settle);
        child.off("exit", none);
        resolve(found);
      };
      const none = (): void => settle();
      const timer = setTimeout(none, timeoutMs);
      child.on("message", settle);
      child.on("exit", none);
      child.send(request);
    });
    if (!answer) this.stop();
    return answer;
  }

  /** Ends it and the processes it started. */
  stop(): void {
    const pid = this.#child?.pid;
    this.#child = undefined;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

async function started(): Promise<ChildProcess> {
  // A process group of its own, so that all of it can be stopped.
  const child = spawn(process.execPath, [jiti, program], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, NODE_ENV: "test", VITEST: "true" },
  });
  await once(child, "message");
  return child;
}
