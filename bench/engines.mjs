/** How to start each engine, or why it cannot be started. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "./python.mjs";

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** Names for `--peers`, in the order of the table. */
export const peerNames = ["limit", "jax-js", "tfjs", "torch", "torch-compile", "jax"];

/**
 * @typedef {object} EngineStart
 * @property {string} name row of the table; of several starts of one name the fastest is kept
 * @property {string} variant
 * @property {string[]} command
 * @property {string} [absent] why it cannot be started
 */

/** Number of threads of every engine; with more processors, workers are pinned to two of them. */
function pinning() {
  if (availableParallelism() <= 2) return [];
  return spawnSync("taskset", ["-c", "0,1", "true"]).status === 0 ? ["taskset", "-c", "0,1"] : [];
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
 * @param {{ install: boolean, beside?: string }} options whether missing packages may be installed; another checkout, built, to time beside this one
 * @returns {EngineStart[]}
 */
export function engineStarts(peers, { install, beside }) {
  const pin = pinning();
  /** @returns {EngineStart} */
  const node = (
    /** @type {string} */ name,
    /** @type {string} */ file,
    { variant = "", needs = "", remedy = "" } = {},
  ) => ({
    name,
    variant,
    command: [...pin, process.execPath, here(file)],
    ...(needs === "" || existsSync(here(needs)) ? {} : { absent: `not installed; run: ${remedy}` }),
  });
  /** @returns {EngineStart} */
  const python = (/** @type {string} */ name, /** @type {string} */ engine, { installs = install } = {}) => {
    const found = findPython([engine === "jax" ? "jax" : "torch"], { install: installs });
    if ("absent" in found) return { name, variant: "", command: [], absent: found.absent };
    return { name, variant: "", command: [...pin, found.python, here("peers.py"), engine] };
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
    node("latentkit-loss", "latentkit.mjs", { ...latentkit, variant: "loss" }),
    ...(beside === undefined
      ? []
      : [
          {
            name: "latentkit beside",
            variant: "",
            command: [...pin, process.execPath, join(beside, "bench/latentkit.mjs")],
          },
        ]),
    ...peerNames.filter((name) => peers.includes(name)).flatMap((name) => peerStarts[name]()),
  ];
}
