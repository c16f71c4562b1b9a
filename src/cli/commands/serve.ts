import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { listen } from "../../node/server/listen.ts";
import { loadRun } from "../../node/runs.ts";
import { serverApp } from "../../server/app.ts";
import { type ServedRun, serveRun } from "../../server/served-run.ts";
import { ServerMetrics } from "../../server/server-metrics.ts";
import { addDeviceOptions, type DeviceOptions, optionDevice, optionRun } from "../options/run-command.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { print, printAside, printJson } from "../output/terminal.ts";

const settings = z.strictObject({
  host: z.string().min(1).max(255).default("127.0.0.1").describe("address to listen on; 0.0.0.0 for all"),
  port: z.int().min(0).max(65_535).default(8000).describe("port; 0 picks a free one"),
  maxRows: z.int().min(1).max(65_536).default(256).describe("rows of a batch, and of a request"),
  delay: z.number().min(0).max(10_000).default(1).describe("milliseconds that the first of a batch waits for others"),
  queue: z.int().min(1).max(1_000_000).default(2048).describe("rows that may wait; beyond them the answer is 429"),
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
Requests that come together are computed together. SIGTERM or Ctrl-C ends it once all that was asked is answered. A newer checkpoint of a run takes
the place of the one that is served. On a loopback address, requests by other names and from pages of other places are refused.

Examples:
  latentkit serve runs/vae-digits-1
  curl -d '{"z": [[0.1, -0.4]]}' localhost:8000/v1/models/vae-digits-1/decoder
  curl -d '{"count": 16}' -H 'Accept: image/png' localhost:8000/v1/models/vae-digits-1/sampler -o samples.png
  latentkit serve runs/vae-digits-1 runs/made-plants-1 --host 0.0.0.0 --port 80`,
    )
    .action(async (paths: readonly string[], options: DeviceOptions & { readonly json?: boolean }) => {
      const asked = parseSettings(settings, givenSettings(settings, options));
      const { host, port, maxRows, delay, queue, maxBytes, reload } = asked;
      const names = paths.map((path) => basename(path));
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice !== undefined)
        throw new ConfigError(`serve: two runs of one name, got ${twice}, expected different ones`);
      const limits = { mostRows: maxRows, delay, mostWaiting: queue };
      const runs = new Map<string, ServedRun>();
      for (const [i, path] of paths.entries()) {
        const loaded = await optionRun(path, deviceOf(options));
        const served = await serveRun(loaded, names[i]!, limits);
        if (served.functions.size === 0)
          throw new ConfigError(`${path}: nothing to serve, got a model without functions, expected one with some`);
        runs.set(served.name, served);
      }
      let ready = true;
      const app = serverApp({
        runs: () => runs,
        ready: () => ready,
        metrics: new ServerMetrics((error) => printAside(error instanceof Error ? (error.stack ?? error.message) : "")),
        mostBytes: maxBytes,
        ...(isLoopback(host) && { hosts: new Set(["localhost", "127.0.0.1", "[::1]"]) }),
      });
      const listening = await listen(app, { host, port });
      const url = `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
      const functions = [...runs.values()].flatMap((run) =>
        Array.from(run.functions.keys(), (name) => `${url}/v1/models/${run.name}/${name}`),
      );
      if (options.json) printJson({ url, functions });
      else print([`listening on ${url}`, ...functions].join("\n"));

      const { device } = await optionDevice(options);
      const look = async (): Promise<void> => {
        for (const [i, path] of paths.entries()) {
          const old = runs.get(names[i]!)!;
          const newer = await loadRun(path, device).catch(() => undefined);
          if (!newer) continue;
          if (newer.step === old.loaded.step) await newer.trained.release();
          else {
            runs.set(names[i]!, await serveRun(newer, names[i]!, limits));
            printAside(`${names[i]}: step ${newer.step} takes the place of step ${old.loaded.step}`);
            await old.release();
            await old.loaded.trained.release();
          }
        }
      };
      let looking: Promise<void> = Promise.resolve();
      const timer =
        reload === 0 || options.checkpoint !== undefined
          ? undefined
          : setInterval(() => (looking = looking.then(look)), reload * 1000);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      ready = false;
      clearInterval(timer);
      if (!options.json) printAside("stopping: finishing what was asked");
      await listening.close();
      await looking;
      for (const run of runs.values()) {
        await run.release();
        await run.loaded.trained.release();
      }
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
