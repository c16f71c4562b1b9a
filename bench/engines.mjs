/** How to start each engine, or why it cannot be started. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "./python.mjs";

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** Names for `--peers`, in the order of the table. */
export const peerNames = ["limit", "jax-js", "tfjs", "torch", "torch-compile", "jax"];

/**
 * @typedef {object} EngineStart
 * @property {string} name row of the table; of several starts of one name the fastest is kept
 * @property {import("./protocol.mjs").Variant} variant
 * @property {string[]} command
 * @property {string} [absent] why it cannot be started
 */

/**
 * With more processors than threads, workers are pinned to as many.
 * @param {number} threads
 */
function pinning(threads) {
  if (availableParallelism() <= threads) return [];
  const pinned = ["taskset", "-c", `0-${threads - 1}`];
  return spawnSync(pinned[0], [...pinned.slice(1), "true"]).status === 0 ? pinned : [];
}

/** The JavaScript peers, from bench/package-lock.json. */
function installJavaScriptPeers() {
  console.error("bench: installing jax-js and TensorFlow.js into bench/node_modules ...");
  const npm = process.env["npm_execpath"];
  const [program, ...before] = npm ? [process.execPath, npm] : ["npm"];
  spawnSync(program, [...before, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: here("."),
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/**
 * Latentkit, then the peers asked for.
 * @param {readonly string[]} peers
 * @param {{ install: boolean, threads: number, gpu: boolean, without: readonly string[], beside?: string }} options whether missing packages may be installed;
 *   rewrites that one more Latentkit each leaves out, "a+b" for two at once; another checkout, built, to time beside this one
 * @returns {EngineStart[]}
 */
export function engineStarts(peers, { install, threads, gpu, without, beside }) {
  const pin = pinning(threads);
  /** @returns {EngineStart} */
  const node = (
    /** @type {string} */ name,
    /** @type {string} */ file,
    { needs = "", remedy = "", ...variant } = {},
  ) => ({
    name,
    variant: { threads, gpu, ...variant },
    command: [...pin, process.execPath, resolve(here("."), file)],
    ...(needs === "" || existsSync(here(needs)) ? {} : { absent: `not installed; run: ${remedy}` }),
  });
  /** @returns {EngineStart} */
  const python = (/** @type {string} */ name, /** @type {string} */ engine, { installs = install } = {}) => {
    const found = findPython([engine === "jax" ? "jax" : "torch"], { install: installs });
    const variant = { threads, gpu };
    if ("absent" in found) return { name, variant, command: [], absent: found.absent };
    return { name, variant, command: [...pin, found.python, here("peers.py"), engine] };
  };
  const latentkit = { needs: "../dist/index.js", remedy: "npm run build" };
  const jaxJs = { needs: "node_modules/@jax-js/jax", remedy: "npm ci --prefix bench" };
  const tfjs = { needs: "node_modules/@tensorflow/tfjs-layers", remedy: "npm ci --prefix bench" };
  /** @type {Record<string, () => EngineStart[]>} */
  const peerStarts = {
    // ONNX Runtime suffices for the limit, so it never installs PyTorch.
    limit: () => [node("limit", "limit.mjs"), python("limit", "limit-torch", { installs: false })],
    "jax-js": () => [node("jax-js", "jax-js.mjs", jaxJs)],
    tfjs: () => [node("tfjs", "tfjs.mjs", tfjs)],
    torch: () => [python("torch", "torch")],
    "torch-compile": () => [python("torch-compile", "torch-compile")],
    jax: () => [python("jax", "jax")],
  };
  const wantsNpm = peers.includes("jax-js") || peers.includes("tfjs");
  if (install && wantsNpm && !(existsSync(here(jaxJs.needs)) && existsSync(here(tfjs.needs)))) installJavaScriptPeers();
  return [
    node("latentkit", "latentkit.mjs", latentkit),
    node("latentkit-loss", "latentkit.mjs", { ...latentkit, loss: true }),
    ...without.map((names) =>
      node(`latentkit without ${names}`, "latentkit.mjs", { ...latentkit, without: names.split("+") }),
    ),
    ...(beside === undefined ? [] : [node("latentkit beside", join(resolve(beside), "bench/latentkit.mjs"))]),
    ...peerNames.filter((name) => peers.includes(name)).flatMap((name) => peerStarts[name]()),
  ];
}
