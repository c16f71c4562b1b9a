/** `npm run bench:server`: latency and throughput of `latentkit serve`, its memory, and what it does at twice its capacity. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Connection, freeConnections } from "./server-client.mjs";

const help = `Usage: npm run bench:server -- [options]

Serves a VAE of 784-400-20 (1 step of training: weights do not matter) and decodes one code a request over loopback:
  closed    clients that each ask again once they are answered: requests/s, p50, p99, batched and with --max-rows 1 in turn
  memory    the server's resident memory before and after many such requests
  overload  arrivals at random times (Poisson), at twice what the closed clients got: how many are answered 200 and 429,
            the p99 of the former from the time they were due, and how long until one request is answered within 50 ms again

  --only LIST       of closed, memory, overload (default: all)
  --answer TYPE     json or safetensors (default: json)
  --clients N       closed clients (default: 64)
  --seconds X       of a round of closed clients (default: 10)
  --rounds N        (default: 3)
  --requests N      of the memory test (default: 100000)
  --overload X      seconds of overload (default: 60)
  --threads N       of the server (default: 1; the clients need a processor too)
  --json            print one JSON object
  --help`;

const { values: given } = parseArgs({
  options: {
    only: { type: "string", default: "closed,memory,overload" },
    answer: { type: "string", default: "json" },
    clients: { type: "string", default: "64" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "100000" },
    overload: { type: "string", default: "60" },
    threads: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (given.help) {
  console.log(help);
  process.exit(0);
}
const parts = given.only.split(",");
const types = { json: "application/json", safetensors: "application/vnd.safetensors" };
const accept = types[/** @type {keyof typeof types} */ (given.answer)];
const numbers = [given.clients, given.seconds, given.rounds, given.requests, given.overload, given.threads].map(Number);
if (
  !accept ||
  !numbers.every((v) => v > 0) ||
  !parts.every((part) => ["closed", "memory", "overload"].includes(part))
) {
  console.error("bench: a value does not fit; see --help");
  process.exit(2);
}
const [clients, seconds, rounds, requests, overloadSeconds] = /** @type {[number, number, number, number, number]} */ (
  numbers
);

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "latentkit-bench-"));
const small = ["--steps", "1", "--device", "cpu", "--threads", given.threads, "--json"];
const shape = ["--set", "hiddenDims=400", "--set", "latentDim=20"];
const body = JSON.stringify({ z: [Array.from({ length: 20 }, (_, i) => Math.sin(i))] });

/** @param {readonly string[]} flags */
async function serve(...flags) {
  const args = ["serve", "vae", "--port", "0", "--device", "cpu", "--threads", given.threads, "--json", ...flags];
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of child.stdout.iterator({ destroyOnReturn: false })) {
    text += String(piece);
    if (text.includes("\n")) break;
  }
  const { port } = new URL(JSON.parse(text).url);
  const request = `POST /v1/models/vae/decoder HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  return {
    port: Number(port),
    request,
    memory: () => Number(execFileSync("ps", ["-o", "rss=", "-p", String(child.pid)], { encoding: "utf8" })) / 1024,
    stop: () =>
      new Promise((resolve) => {
        child.once("close", resolve);
        child.kill();
      }),
  };
}
/** @typedef {Awaited<ReturnType<typeof serve>>} Server */

/** @param {readonly number[]} times */
function summary(times) {
  const sorted = Float64Array.from(times).toSorted();
  const at = (/** @type {number} */ p) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}

/**
 * Clients that each ask again once they are answered, until `done`.
 * @param {Server} server
 * @param {(asked: number) => boolean} done
 */
async function closed({ port, request }, done) {
  const times = /** @type {number[]} */ ([]);
  const statuses = /** @type {Record<string, number>} */ ({});
  let asked = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const connection = await Connection.open(port);
      while (!done(asked)) {
        asked += 1;
        const from = performance.now();
        const status = await connection.ask(request);
        times.push(performance.now() - from);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      connection.close();
    }),
  );
  const perSecond = (1000 * times.length) / (performance.now() - start);
  return { perSecond, ...summary(times), statuses };
}

/** @param {Server} server */
const warm = (server) => closed(server, (asked) => asked >= 2000);
/** @param {number} of */
const within = (of) => {
  const end = performance.now() + 1000 * of;
  return () => performance.now() > end;
};

/**
 * Arrivals at random times, `perSecond` on average, whatever becomes of those before.
 * @param {Server} server
 * @param {{ readonly perSecond: number, readonly seconds: number }} rate
 */
async function open({ port, request }, { perSecond, seconds: length }) {
  const times = /** @type {number[]} */ ([]);
  const refusals = /** @type {number[]} */ ([]);
  const statuses = /** @type {Record<string, number>} */ ({});
  const connections = freeConnections(port, 1000);
  await connections.prepare();
  const asking = new Set();
  const start = performance.now();
  let due = start;
  let behind = 0;
  while (due < start + 1000 * length) {
    due -= (1000 * Math.log(1 - Math.random())) / perSecond;
    const wait = due - performance.now();
    if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
    const from = due;
    const asked = connections.ask(request).then((status) => {
      asking.delete(asked);
      statuses[status] = (statuses[status] ?? 0) + 1;
      (status === 200 ? times : refusals).push(performance.now() - from);
    });
    asking.add(asked);
    // A turn of the loop, so that answers are read.
    if (wait <= 0.5 && ++behind % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const end = performance.now();
  const probe = await Connection.open(port);
  let recovered = NaN;
  while (Number.isNaN(recovered) && performance.now() - end < 30_000) {
    const from = performance.now();
    if ((await probe.ask(request)) === 200 && performance.now() - from < 50)
      recovered = (performance.now() - end) / 1000;
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(asking);
  probe.close();
  connections.close();
  const arrived = times.length + refusals.length;
  return {
    asked: perSecond,
    arrivedPerSecond: arrived / ((end - start) / 1000),
    statuses,
    accepted: summary(times),
    refused: summary(refusals),
    recoverySeconds: recovered,
  };
}

const results = /** @type {Record<string, unknown>} */ ({ answer: given.answer, clients });
try {
  execFileSync(process.execPath, [cli, "train", "vae", "--data", "digits:300", ...small, ...shape, "--out", "vae"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const batched = await serve();
  await warm(batched);
  let capacity = 0;
  if (parts.includes("closed") || parts.includes("overload")) {
    const alone = parts.includes("closed") ? await serve("--max-rows", "1", "--delay", "0") : undefined;
    if (alone) await warm(alone);
    const found = { batched: /** @type {object[]} */ ([]), alone: /** @type {object[]} */ ([]) };
    const ratios = [];
    for (let round = 0; round < rounds; round++) {
      const together = await closed(batched, within(seconds));
      found.batched.push(together);
      capacity = Math.max(capacity, together.perSecond);
      if (!alone) continue;
      const single = await closed(alone, within(seconds));
      found.alone.push(single);
      ratios.push(together.perSecond / single.perSecond);
    }
    await alone?.stop();
    results.closed = { ...found, batchedOverAlone: ratios };
  }
  if (parts.includes("memory")) {
    const marks = [];
    for (let done = 0; done < requests; done += requests / 5) {
      marks.push(Math.round(batched.memory()));
      await closed(batched, (asked) => asked >= requests / 5);
    }
    marks.push(Math.round(batched.memory()));
    results.memory = { requests, residentMiB: marks };
  }
  if (parts.includes("overload"))
    results.overload = await open(batched, { perSecond: 2 * capacity, seconds: overloadSeconds });
  await batched.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(given.json ? JSON.stringify(results) : JSON.stringify(results, rounded, 2));

/**
 * @param {string} _
 * @param {unknown} v
 */
function rounded(_, v) {
  return typeof v === "number" ? Number(v.toPrecision(4)) : v;
}
