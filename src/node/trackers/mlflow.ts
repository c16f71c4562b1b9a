/** A client of MLflow's tracking server: its REST API 2.0, https://mlflow.org/docs/latest/rest-api.html. */
import { basename } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { quoted } from "../../serialization/quoted.ts";
import { type Ending, metricsOf, type TrackedRun, type Tracker } from "../../runs/tracking.ts";

const timeoutMs = 10_000;
/** The API takes 1000 metrics and 100 parameters a request, and 500 characters a parameter in older servers. */
const mostMetrics = 1000;
const mostParams = 100;
const mostParamLength = 500;
/** Measurements kept while a server does not answer; older ones are dropped. */
const mostWaiting = 100_000;

/** The id of the experiment that runs belong to, made where there is none: MLFLOW_EXPERIMENT_NAME, or `latentkit`. Throws ConfigError. */
export async function mlflowExperiment(address: string): Promise<string> {
  const api = apiOf(address);
  const name = process.env["MLFLOW_EXPERIMENT_NAME"] || "latentkit";
  const found = await api.call("GET", `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`);
  if (found.status === 404) {
    const made = await api.post("experiments/create", { name });
    return parsed(z.object({ experiment_id: z.string() }), made, api.where).experiment_id;
  }
  const schema = z.object({ experiment: z.object({ experiment_id: z.string() }) });
  return parsed(schema, api.checked(found), api.where).experiment.experiment_id;
}

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/**
 * Sends a run's settings and metrics to a server. A resumed run keeps its id. Throws ConfigError where the server
 * does not take the run; one that stops answering later costs a warning, and what it missed is sent when it answers again.
 */
export async function mlflowTracker({ run }: TrackedRun, address: string): Promise<Tracker> {
  const api = apiOf(address);
  const runId = run.info.mlflowRun ?? (await newRun(api, run));
  let waiting: Metric[] = [];
  let silent = false;
  const send = async (): Promise<string | undefined> => {
    try {
      while (waiting.length > 0) {
        const metrics = waiting.slice(0, mostMetrics);
        await api.post("runs/log-batch", { run_id: runId, metrics });
        waiting = waiting.slice(metrics.length);
      }
      silent = false;
      return undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      waiting = waiting.slice(-mostWaiting);
      // Said once for each time the server falls silent.
      const message = silent ? undefined : `${error.message}; training continues, and missed metrics are sent later`;
      silent = true;
      return message;
    }
  };
  return {
    async see(event) {
      const results = Object.entries(metricsOf(event) ?? {}).filter(([, value]) => Number.isFinite(value));
      waiting.push(...results.map(([key, value]) => ({ key, value, timestamp: Date.now(), step: event.step })));
      const due = event.kind === "validation" || event.kind === "done" || waiting.length >= mostMetrics;
      return due ? send() : undefined;
    },
    async close(ending) {
      const lost = await send();
      if (lost !== undefined || silent) return lost;
      await api.call("POST", "runs/update", { run_id: runId, status: statuses[ending], end_time: Date.now() });
      return undefined;
    },
  };
}

const statuses: Readonly<Record<Ending, string>> = { finished: "FINISHED", interrupted: "KILLED", failed: "FAILED" };

async function newRun(api: Api, run: TrackedRun["run"]): Promise<string> {
  const { info } = run;
  const made = await api.post("runs/create", {
    experiment_id: await mlflowExperiment(api.where),
    run_name: basename(run.path),
    start_time: Date.now(),
    tags: [
      { key: "latentkit", value: info.latentkit },
      { key: "fingerprint", value: info.data.fingerprint },
    ],
  });
  const schema = z.object({ run: z.object({ info: z.object({ run_id: z.string().max(1000) }) }) });
  const runId = parsed(schema, made, api.where).run.info.run_id;
  const { device: _, mlflow: _address, ...training } = info.training;
  const values = { model: info.model, data: info.data.source, seed: info.seed, ...training, ...info.config };
  const params = Object.entries(values).map(([key, value]) => ({
    key,
    value: (Array.isArray(value) ? value.join(",") : String(value)).slice(0, mostParamLength),
  }));
  for (let at = 0; at < params.length; at += mostParams)
    await api.post("runs/log-batch", { run_id: runId, params: params.slice(at, at + mostParams) });
  await run.rewriteInfo({ ...info, mlflowRun: runId });
  return runId;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Api {
  readonly where: string;
  call(method: "GET" | "POST", path: string, body?: object): Promise<Answer>;
  /** The answer as JSON. Throws ConfigError where the server refuses. */
  post(path: string, body: object): Promise<unknown>;
  checked(answer: Answer): unknown;
}

function apiOf(address: string): Api {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new ConfigError(
      `--mlflow: not the address of a server, got ${quoted(address.replace(/\/\/[^/@]*@/, "//...@"))}, expected http://host:port; a name and password go into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
    );
  const base = `${url.href.replace(/\/+$/, "")}/api/2.0/mlflow/`;
  const call: Api["call"] = async (method, path, body) => {
    try {
      const response = await fetch(base + path, {
        method,
        headers: { ...authorization(), ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
      throw new ConfigError(`--mlflow: ${address} does not answer, got ${quoted(reason)}, expected an MLflow server`, {
        cause: error,
      });
    }
  };
  const checked = ({ status, text }: Answer): unknown => {
    if (status < 200 || status > 299)
      throw new ConfigError(
        `--mlflow: ${address} refuses, got status ${status} ${quoted(text, 200)}, expected it to accept the run`,
      );
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new ConfigError(`--mlflow: ${address} has an unexpected answer, got ${quoted(text)}, expected JSON`, {
        cause,
      });
    }
  };
  return { where: address, call, checked, post: async (path, body) => checked(await call("POST", path, body)) };
}

/** As MLflow's own clients take it from the environment. */
function authorization(): Record<string, string> {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: password,
  } = process.env;
  if (token) return { authorization: `Bearer ${token}` };
  return name ? { authorization: `Basic ${Buffer.from(`${name}:${password ?? ""}`).toString("base64")}` } : {};
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    `--mlflow: ${where} has an unexpected answer, got ${quoted(JSON.stringify(value) ?? "")}, expected an answer by MLflow's API`,
  );
}
