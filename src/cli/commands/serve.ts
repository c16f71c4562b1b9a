import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { listen } from "../../node/server/listen.ts";
import { serverApp } from "../../server/app.ts";
import { ServedRuns } from "../../server/served-runs.ts";
import { ServerMetrics } from "../../server/server-metrics.ts";
import { addDeviceOptions, type DeviceOptions, optionRun } from "../options/run-command.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { print, printAside, printJson } from "../output/terminal.ts";

const settings = z.strictObject({
  host: z.string().min(1).max(255).default("127.0.0.1").describe("address to listen on; 0.0.0.0 for all"),
  port: z.int().min(0).max(65_535).default(8000).describe("port; 0 picks a free one"),
  maxRows: z.int().min(1).max(65_536).default(256).describe("rows of a batch, and of a request"),
  delay: z.number().min(0).max(10_000).default(1).describe("milliseconds that the first of a batch waits for others"),
  queue: z.int().min(1).max(1_000_000).default(2048).describe("rows that may wait; beyond them the answer is 429"),
  samplings: z
    .int()
    .min(0)
    .max(100_000)
    .default(16)
    .describe(
      "requests of many steps (sample, complete) of a run that may wait for their turn; beyond them the answer is 429",
    ),
  requests: z.int().min(1).max(1_000_000).default(128).describe("requests in flight; beyond them the answer is 429"),
  connections: z.int().min(1).max(1_000_000).default(2000).describe("connections at a time"),
  timeout: z
    .number()
    .min(0.1)
    .max(86_400)
    .default(30)
    .describe("seconds in which a request must arrive, and a client read on"),
  maxBytes: z
    .int()
    .min(1000)
    .max(2 ** 31)
    .default(64 * 2 ** 20)
    .describe("bytes of a request's body"),
  reload: z.number().min(0).max(86_400).default(5).describe("seconds between looks for a newer checkpoint; 0: never"),
});

export function define(command: Command): void {
  addDeviceOptions(addSettings(command.argument("<run...>", "folders of runs"), settings))
    .option("--json", "print one JSON object when it listens")
    .addHelpText(
      "after",
      `
Functions of the runs over HTTP: POST /v1/models/RUN/FUNCTION with inputs by name as JSON or safetensors, answered as JSON, safetensors or PNG by
Accept; the Open Inference Protocol under /v2, whose models are RUN.FUNCTION; /openapi.json, /metrics for Prometheus, /health/live and /health/ready.
Requests that come together are computed together. POST /v1/models/RUN/sample and, where the model can, /complete are as latentkit sample and complete, with their
options as JSON; with Accept: text/event-stream they tell each step. SIGTERM or Ctrl-C ends it once all that was asked is answered. A newer checkpoint of a run takes
the place of the one that is served. On a loopback address, requests by other names and from pages of other places are refused.

Examples:
  latentkit serve runs/vae-digits-1
  curl -d '{"z": [[0.1, -0.4]]}' localhost:8000/v1/models/vae-digits-1/decoder
  curl -d '{"count": 16}' -H 'Accept: image/png' localhost:8000/v1/models/vae-digits-1/sampler -o samples.png
  curl -N -d '{"steps": 50}' -H 'Accept: text/event-stream' localhost:8000/v1/models/diffusion-mnist-1/sample
  latentkit serve runs/vae-digits-1 runs/made-plants-1 --host 0.0.0.0 --port 80`,
    )
    .action(async (paths: readonly string[], options: DeviceOptions & { readonly json?: boolean }) => {
      const asked = parseSettings(settings, givenSettings(settings, options));
      const { host, port, maxRows, delay, queue, samplings, requests, connections, timeout, maxBytes, reload } = asked;
      const places = paths.map((path) => ({
        name: basename(resolve(path)),
        load: () => optionRun(path, deviceOf(options)),
      }));
      const names = places.map(({ name }) => name);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice !== undefined)
        throw new ConfigError(`serve: two runs of one name, got ${twice}, expected different ones`);
      const limits = { mostRows: maxRows, delay, mostWaiting: queue, mostTasks: samplings };
      const runs = await ServedRuns.open(places, limits);
      let ready = true;
      const app = serverApp({
        runs: () => runs.byName,
        ready: () => ready,
        metrics: new ServerMetrics((error) => printAside(error instanceof Error ? (error.stack ?? error.message) : "")),
        mostBytes: maxBytes,
        ...(isLoopback(host) && { hosts: new Set(["localhost", "127.0.0.1", "[::1]", host]) }),
      });
      const listening = await listen(app, { host, port, requests, connections, patience: timeout });
      const url = `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
      const functions = [...runs.byName.values()].flatMap((run) =>
        [...run.functions.keys(), ...run.tasks.keys()].map(
          (name) => `${url}/v1/models/${encodeURIComponent(run.name)}/${name}`,
        ),
      );
      if (options.json) printJson({ url, functions });
      else print([`listening on ${url}`, ...functions].join("\n"));

      const timer =
        reload === 0 || options.checkpoint !== undefined
          ? undefined
          : setInterval(() => void runs.look(printAside), reload * 1000);
      await new Promise<void>((stop) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop());
      });
      ready = false;
      clearInterval(timer);
      if (!options.json) printAside("stopping: finishing what was asked");
      await listening.close();
      await runs.release();
    });
}

/** What of the flags says which weights, and where. */
const deviceOf = ({ device, threads, checkpoint, model, ema }: DeviceOptions): DeviceOptions => ({
  ...(device !== undefined && { device }),
  ...(threads !== undefined && { threads }),
  ...(checkpoint !== undefined && { checkpoint }),
  ...(model !== undefined && { model }),
  ...(ema !== undefined && { ema }),
});

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || host.startsWith("127.");
