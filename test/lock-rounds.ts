import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundle } from "./bundle.ts";
import type { FromContender, ToContender } from "./lock-contender.ts";

/** Time for both processes to have read the message before they start, in ms. */
const headStartMs = 3;

export interface LockRounds {
  readonly rounds: number;
  /** Leaves in the folder what the processes find there. */
  readonly before?: (folder: string) => void;
  readonly claim?: ToContender["claim"];
}

/** Lets two processes take the lock of one folder at the same instant, so many times. Returns how many got it in each round. */
export async function lockRounds({ rounds, before, claim = "byLink" }: LockRounds): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-lock-"));
  const program = await bundle(join(import.meta.dirname, "lock-contender.ts"));
  const contenders = [0, 1].map(() =>
    spawn(process.execPath, [program], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
  );
  try {
    await Promise.all(contenders.map(heard));
    const counts: number[] = [];
    for (let round = 0; round < rounds; round++) {
      before?.(folder);
      const atMs = performance.timeOrigin + performance.now() + headStartMs;
      const answers = await Promise.all(contenders.map((child) => asked(child, { folder, claim, atMs })));
      counts.push(answers.filter((answer) => answer === "got it").length);
      await Promise.all(contenders.map((child) => asked(child, "release")));
    }
    return counts;
  } finally {
    for (const child of contenders) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    rmSync(dirname(program), { recursive: true, force: true });
  }
}

async function asked(child: ChildProcess, message: ToContender | "release"): Promise<FromContender> {
  const answer = heard(child);
  child.send(message);
  return answer;
}

/** The next message of a process. Throws where it ends first. */
async function heard(child: ChildProcess): Promise<FromContender> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const [message] = (await Promise.race([
      once(child, "message", { signal }),
      once(child, "exit", { signal }).then(([code]) => {
        throw new Error(`a contender ended with ${String(code)}`);
      }),
    ])) as [FromContender];
    return message;
  } finally {
    ended.abort();
  }
}
