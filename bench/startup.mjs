/** Time of whole processes from start to end, beside a bare Node. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./measure.mjs";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/**
 * @param {readonly string[]} args
 */
function timed(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`latentkit ended with ${status}: ${stderr.trim().split("\n").at(-1)}`);
  return ms;
}

/**
 * Rows for `latentkit --version` and `latentkit models`, best and median of `runs`.
 * @param {number} runs
 * @returns {import("./measure.mjs").Row[]}
 */
export function measureStartup(runs = 10) {
  return ["--version", "models"].flatMap((argument) => {
    const workload = `startup ${argument}`;
    if (!existsSync(cli)) return [{ workload, engine: "latentkit", note: "", absent: "not built; run: npm run build" }];
    try {
      const pairs = Array.from({ length: runs }, () => ({
        latentkit: timed([cli, argument]),
        node: timed(["-e", "0"]),
      }));
      const latentkit = pairs.map((pair) => pair.latentkit);
      const row = (/** @type {string} */ engine, /** @type {number[]} */ times, /** @type {string} */ note) => ({
        workload,
        engine,
        note,
        msPerStep: Math.min(...times),
        medianMsPerStep: median(times),
        ratioToLatentkit: Math.min(...times) / Math.min(...latentkit),
        medianRatio: median(times) / median(latentkit),
      });
      const node = pairs.map((pair) => pair.node);
      return [row("latentkit", latentkit, "whole process"), row("node", node, "node -e 0")];
    } catch (error) {
      return [
        { workload, engine: "latentkit", note: "", absent: error instanceof Error ? error.message : String(error) },
      ];
    }
  });
}
