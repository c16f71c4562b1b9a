import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Waiting {
  resolve(finished: Finished): void;
  reject(error: Error): void;
}

/** One process that runs command after command: see command-program.mjs. */
export class CommandHost {
  readonly #child: ChildProcess;
  readonly #printed = { stdout: "", stderr: "" };
  #code: number | undefined;
  #waiting: Waiting | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(packageFolder: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    const program = join(import.meta.dirname, "command-program.mjs");
    this.#child = fork(program, [packageFolder], { ...options, silent: true });
    for (const name of ["stdout", "stderr"] as const)
      this.#child[name]!.setEncoding("utf8").on("data", (text: string) => {
        this.#printed[name] += text;
        this.#settle();
      });
    this.#child.on("message", (code: number) => {
      this.#code = code;
      this.#settle();
    });
    // No close follows where the channel was closed first.
    this.#child.on("exit", (code, signal) =>
      this.#waiting?.reject(
        new Error(`the process of all commands ended (${code ?? signal}): ${JSON.stringify(this.#printed)}`),
      ),
    );
  }

  /** Runs a command after those before it. */
  run(args: readonly string[]): Promise<Finished> {
    const finished = this.#last.then(
      () =>
        new Promise<Finished>((resolve, reject) => {
          this.#waiting = { resolve, reject };
          this.#child.send(args, (error) => error && reject(error));
        }),
    );
    this.#last = finished.catch(() => {});
    return finished;
  }

  /** Ends the command that runs once both streams and its exit code have come. */
  #settle(): void {
    const [code, { stdout, stderr }] = [this.#code, this.#printed];
    if (code === undefined || !stdout.endsWith("\0") || !stderr.endsWith("\0")) return;
    this.#code = undefined;
    Object.assign(this.#printed, { stdout: "", stderr: "" });
    this.#waiting!.resolve({ code, signal: null, stdout: stdout.slice(0, -1), stderr: stderr.slice(0, -1) });
  }

  /** Lets the process end, which it must by itself: no command may leave something that keeps it running. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child.connected) return;
    const hung = setTimeout(() => child.kill("SIGKILL"), 30_000);
    child.disconnect();
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    clearTimeout(hung);
    if (code !== 0)
      throw new Error(`the process of all commands ended with ${code ?? signal}, expected 0: ${this.#printed.stderr}`);
  }
}
