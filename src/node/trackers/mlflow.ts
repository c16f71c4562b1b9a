import { basename } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { Outbox } from "../../runs/tracking/outbox.ts";
import { type Ending, metricsOf, type TrackedRun, type Tracker } from "../../runs/tracking/tracking.ts";
import { type MlflowApi, mlflowApi, parsed } from "./mlflow-api.ts";

/** The API takes 1000 metrics and 100 parameters a request, and 500 characters a parameter in older servers. */
const mostMetrics = 1000;
const mostParams = 100;
const mostParamLength = 500;
/** Measurements kept while a server does not answer; older ones are dropped. */
const mostWaiting = 100_000;
const pauseMs = { first: 1000, longest: 60_000 };
/** What a run that has ended waits for its server. */
const closeSeconds = 3;

/** Throws ConfigError where the server of an address does not take runs. */
export async function checkMlflow(address: string): Promise<void> {
  await experimentId(mlflowApi(address, credentialHeaders()));
}

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/**
 * Sends a run's settings and metrics to a server, in the background. A resumed run keeps its id. A server that does not answer costs
 * a warning, and what it missed is sent when it answers again. Credentials go only to an address that was given, not to one that the
 * run brings along.
 */
export function mlflowTracker({ run, addressGiven }: TrackedRun, address: string): Tracker {
  const credentials = credentialHeaders();
  const trusted = addressGiven || address === process.env["MLFLOW_TRACKING_URI"];
  const withheld = !trusted && Object.keys(credentials).length > 0;
  const api = mlflowApi(address, withheld ? {} : credentials);
  const begin = beginning(api, run);
  const outbox = new Outbox<Metric>(
    async (metrics, stop) => {
      const runId = await begin(stop);
      if (metrics.length > 0) await api.post("runs/log-batch", { run_id: runId, metrics }, stop);
    },
    { mostTogether: mostMetrics, mostWaiting, pauseMs },
  );
  outbox.send();
  let notice = withheld
    ? `--mlflow: ${address} is the run's own address, so your credentials are not sent there; to send them, resume with --mlflow ${address}`
    : undefined;
  const news = (): string | undefined => {
    const failed = outbox.takeNews();
    const message = notice ?? (failed && `${failed.message}; training continues, and missed metrics are sent later`);
    notice = undefined;
    return message;
  };
  return {
    see(event) {
      const results = Object.entries(metricsOf(event) ?? {}).filter(([, value]) => Number.isFinite(value));
      outbox.add(...results.map(([key, value]) => ({ key, value, timestamp: Date.now(), step: event.step })));
      if (event.kind === "validation" || event.kind === "done" || outbox.waiting >= mostMetrics) outbox.send();
      return Promise.resolve(news());
    },
    async close(ending) {
      const limit = AbortSignal.timeout(1000 * closeSeconds);
      const { count, reason } = await outbox.close(limit);
      try {
        if (reason) throw reason;
        await api.post("runs/update", ended(await begin(limit), ending), limit);
        return undefined;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const left = count > 0 ? `${count} metrics were not sent` : `it is not told that the run has ended`;
        return `${error.message}; ${left}, ${run.path} has everything`;
      }
    },
  };
}

const statuses: Readonly<Record<Ending, string>> = { finished: "FINISHED", interrupted: "KILLED", failed: "FAILED" };

const ended = (runId: string, ending: Ending): object => ({
  run_id: runId,
  status: statuses[ending],
  end_time: Date.now(),
});

/** Makes the run on the server and sends its settings, if need be again and again, each once. Gives the run's id there. */
function beginning(api: MlflowApi, run: TrackedRun["run"]): (stop: AbortSignal) => Promise<string> {
  let runId = run.info.mlflowRun;
  const unsent = runId === undefined ? paramsOf(run) : [];
  return async (stop) => {
    if (runId === undefined) {
      runId = await makeRun(api, run, stop);
      await run.amendInfo({ mlflowRun: runId });
    }
    for (; unsent.length > 0; unsent.splice(0, mostParams))
      await api.post("runs/log-batch", { run_id: runId, params: unsent.slice(0, mostParams) }, stop);
    return runId;
  };
}

async function makeRun(api: MlflowApi, { path, info }: TrackedRun["run"], stop: AbortSignal): Promise<string> {
  const made = await api.post(
    "runs/create",
    {
      experiment_id: await experimentId(api, stop),
      run_name: basename(path),
      start_time: Date.now(),
      tags: [
        { key: "latentkit", value: info.latentkit },
        { key: "fingerprint", value: info.data.fingerprint },
      ],
    },
    stop,
  );
  const schema = z.object({ run: z.object({ info: z.object({ run_id: z.string().max(1000) }) }) });
  return parsed(schema, made, api.where).run.info.run_id;
}

function paramsOf({ info }: TrackedRun["run"]): { readonly key: string; readonly value: string }[] {
  const { device: _, mlflow: _address, ...training } = info.training;
  const values = { model: info.model, data: info.data.source, seed: info.seed, ...training, ...info.config };
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: (Array.isArray(value) ? value.join(",") : String(value)).slice(0, mostParamLength),
  }));
}

/** The id of the experiment that runs belong to, made where there is none: MLFLOW_EXPERIMENT_NAME, or `latentkit`. */
async function experimentId(api: MlflowApi, stop?: AbortSignal): Promise<string> {
  const name = process.env["MLFLOW_EXPERIMENT_NAME"] || "latentkit";
  const found = await api.get(`experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`, stop);
  if (found.status === 404) {
    const made = await api.post("experiments/create", { name }, stop);
    return parsed(z.object({ experiment_id: z.string() }), made, api.where).experiment_id;
  }
  const schema = z.object({ experiment: z.object({ experiment_id: z.string() }) });
  return parsed(schema, api.checked(found), api.where).experiment.experiment_id;
}

/** What MLflow's own clients take from the environment; no header where nothing is set. */
function credentialHeaders(): Readonly<Record<string, string>> {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: password,
  } = process.env;
  if (token) return { authorization: `Bearer ${token}` };
  return name ? { authorization: `Basic ${Buffer.from(`${name}:${password ?? ""}`).toString("base64")}` } : {};
}
