/** The harness's side of the line protocol (protocol.mjs): one engine in one process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * @typedef {import("./workloads.mjs").Workload} Workload
 * @typedef {import("./protocol.mjs").Variant} Variant
 */

export class WorkerProcess {
  #child;
  #lines;
  #stderr = "";
  #failed = "";

  /** @param {string[]} command */
  constructor(command) {
    this.#child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.on("error", (error) => (this.#failed = error.message));
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#stderr = (this.#stderr + text).slice(-4000)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * The answer to a request; `{ absent }` with the reason when the worker cannot give one within the time.
   * @param {{ do: "setup", workload: Workload, variant: Variant } | { do: "round", steps: number } | { do: "memory" }} request
   * @param {number} limitSeconds
   * @returns {Promise<{ absent?: string, checks?: number[], compileMs?: number, note?: string, ms?: number, cpuMs?: number, peakMiB?: number }>}
   */
  async ask(request, limitSeconds) {
    if (this.#child.exitCode === null && this.#failed === "") this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    let timer;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, limitSeconds * 1000, { absent: `no answer within ${limitSeconds} s` });
    });
    const answer = this.#lines
      .next()
      .then(({ value, done }) => (done ? { absent: this.#reason() } : JSON.parse(value)));
    const result = await Promise.race([answer, limit]);
    clearTimeout(timer);
    return result;
  }

  #reason() {
    const lines = this.#stderr.trim().split("\n");
    return this.#failed || lines.findLast((line) => /error/i.test(line))?.trim() || lines.at(-1) || "the process ended";
  }

  /** Ends the process. */
  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2000);
    await ended;
    clearTimeout(timer);
  }
}
