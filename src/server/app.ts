import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ValueInfo } from "../onnx/model-proto.ts";
import { settingsOf } from "../settings-schema.ts";
import { version } from "../version.ts";
import { answer } from "./answers.ts";
import { eventStream, wantsEvents } from "./tasks/event-stream.ts";
import { inferenceMetadata, jsonLengthHeader, readInference, writeInference } from "./inference-protocol.ts";
import { openApi } from "./open-api.ts";
import { ForbiddenError, isInternal, NotFoundError, problemOf, TooLargeError, UnavailableError } from "./problems.ts";
import { asked, bodyBytes, readBody, wholeSetting } from "./request-body.ts";
import type { Arrays } from "./json-arrays.ts";
import { ServedFunction } from "./served-function.ts";
import type { ServedRun } from "./served-run.ts";
import type { ServedTask, TaskWatch } from "./tasks/served-task.ts";
import type { ServerMetrics } from "./server-metrics.ts";

export interface ServerParts {
  /** The runs that are served now, by name; another one takes the place of one whose checkpoint is newer. */
  readonly runs: () => ReadonlyMap<string, ServedRun>;
  /** Whether new requests are taken: not while the server shuts down. */
  readonly ready: () => boolean;
  readonly metrics: ServerMetrics;
  /** Bytes of a body. */
  readonly mostBytes: number;
  /** Names that the server may be addressed by; any where missing. */
  readonly hosts?: ReadonlySet<string>;
}

/**
 * The HTTP interface of served runs: functions by `/v1/models/RUN/FUNCTION`, the Open Inference Protocol under `/v2`, health, metrics and an OpenAPI
 * document. Errors are problem documents (RFC 9457).
 */
export function serverApp({ runs, ready, metrics, mostBytes, hosts }: ServerParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    // A page elsewhere whose name resolves to this machine sends its own name as Host, and its own origin.
    const host = hostName(c.req.header("host") ?? "");
    if (hosts && !hosts.has(host))
      throw new ForbiddenError(`host: not a name of this server, got "${host}", expected ${[...hosts].join(", ")}`);
    const origin = c.req.header("origin");
    if (hosts && origin !== undefined && !hosts.has(hostName(origin.replace(/^\w+:\/\//, ""))))
      throw new ForbiddenError(`origin: a page of another place, got ${origin}, expected ${[...hosts].join(", ")}`);
    await next();
  });
  const tell = (c: Context, error: unknown): Response => {
    if (isInternal(error)) metrics.failed(error);
    const { status, headers, body } = problemOf(error);
    return c.body(body, status, headers);
  };
  app.use(
    bodyLimit({
      maxSize: mostBytes,
      onError: (c) =>
        tell(c, new TooLargeError(`body: too large, got more than ${mostBytes} bytes, expected at most as many`)),
    }),
  );
  app.onError((error, c) => tell(c, error));
  app.notFound((c) =>
    tell(
      c,
      new NotFoundError(`path: nothing is here, got ${c.req.method} ${c.req.path}, expected one of /openapi.json`),
    ),
  );

  const runOf = (name: string): ServedRun => {
    const run = runs().get(name);
    if (run) return run;
    throw new NotFoundError(`model: unknown, got "${name}", expected ${[...runs().keys()].join(", ")}`);
  };
  const functionOf = (run: ServedRun, name: string): ServedFunction => {
    const found = run.functions.get(name);
    if (found) return found;
    throw new NotFoundError(`function: unknown, got "${name}", expected ${[...run.functions.keys()].join(", ")}`);
  };
  const servedBy = (run: ServedRun, name: string): ServedFunction | ServedTask => {
    const found = run.functions.get(name) ?? run.tasks.get(name);
    if (found) return found;
    const names = [...run.functions.keys(), ...run.tasks.keys()];
    throw new NotFoundError(`function: unknown, got "${name}", expected ${names.join(", ")}`);
  };
  const timed = (run: ServedRun, name: string, compute: () => Promise<Arrays>): Promise<Arrays> => {
    if (!ready()) throw new UnavailableError("server: it shuts down, got a request, expected none");
    return metrics.timed(run.name, name, compute);
  };

  const live = (c: Context): Response => c.json({ live: true });
  const readiness = (c: Context): Response => c.json({ ready: ready() }, ready() ? 200 : 503);
  app.get("/health/live", live).get("/v2/health/live", live);
  app.get("/health/ready", readiness).get("/v2/health/ready", readiness);
  app.get("/metrics", async (c) => c.text(await metrics.text(), 200, { "content-type": metrics.contentType }));
  app.get("/openapi.json", (c) => c.json(openApi([...runs().values()])));
  app.get("/v1/models", (c) => c.json({ models: [...runs().values()].map(describedRun) }));
  app.get("/v1/models/:model", (c) => c.json(describedRun(runOf(c.req.param("model")))));

  app.post("/v1/models/:model/:function", async (c) => {
    const { model, function: name } = c.req.param();
    servedBy(runOf(model), name);
    const body = await readBody(c);
    // A newer checkpoint may have taken the place of the one that there was when the body began to arrive.
    const run = runOf(model);
    const served = servedBy(run, name);
    if (served instanceof ServedFunction) {
      const { arrays, settings } = asked(body, served.inputs, (each) => each === "seed" || each === "count");
      const [seed, rows] = [wholeSetting(settings, "seed"), wholeSetting(settings, "count")];
      const found = await timed(run, name, () =>
        served.run(arrays, { ...(seed !== undefined && { seed }), ...(rows !== undefined && { rows }) }),
      );
      return answer(c, run.loaded, found);
    }
    const { shape } = served.settings;
    const work = served.prepare(asked(body, served.inputs, (each) => Object.hasOwn(shape, each)));
    const start = (watch: TaskWatch): Promise<Arrays> =>
      timed(run, name, () => run.turns.take(() => work(watch), watch.signal));
    if (wantsEvents(c)) return eventStream(c, served, { start, onFailure: (error) => metrics.failed(error) });
    const found = await start({ signal: c.req.raw.signal, onStep: () => {}, onPreview: () => {} });
    return answer(c, served.examplesOf, found);
  });

  // A function is a model of the protocol, named RUN.FUNCTION.
  const inference = (c: Context) => {
    const full = c.req.param("model") ?? "";
    const [, model = full, name = ""] = /^(.*)\.([^.]*)$/s.exec(full) ?? [];
    const run = runOf(model);
    return { full, run, name, served: functionOf(run, name) };
  };
  app.get("/v2", (c) => c.json({ name: "latentkit", version, extensions: ["binary_tensor_data"] }));
  for (const path of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    app.get(path, (c) => {
      const { full, run, served } = inference(c);
      return c.json(inferenceMetadata(full, String(run.loaded.step), served));
    });
    app.get(`${path}/ready`, (c) => {
      inference(c);
      return c.json({ ready: ready() }, ready() ? 200 : 503);
    });
    app.post(`${path}/infer`, async (c) => {
      inference(c);
      const length = c.req.header(jsonLengthHeader);
      const body = await bodyBytes(c);
      const { full, run, served, name } = inference(c);
      const request = readInference(body, length === undefined ? undefined : Number(length));
      const { seed, rows } = request;
      const found = await timed(run, name, () =>
        served.run(request.arrays, { ...(seed !== undefined && { seed }), ...(rows !== undefined && { rows }) }),
      );
      const model = { model: full, version: String(run.loaded.step) };
      const { body: bytes, jsonLength } = writeInference(model, request, found);
      if (jsonLength === undefined)
        return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "content-type": "application/json" });
      c.header(jsonLengthHeader, String(jsonLength));
      return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "content-type": "application/octet-stream" });
    });
  }
  return app;
}

/** A name without its port. */
const hostName = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

function describedRun({ name, loaded, functions, tasks }: ServedRun): object {
  const { run, step } = loaded;
  const { model, data } = run.info;
  return {
    name,
    model,
    step,
    data: { source: data.source, kind: data.kind, shape: data.shape, range: data.range },
    functions: [
      ...Array.from(functions, ([each, { graph, inputs }]) => described(each, { ...graph, inputs })),
      ...Array.from(tasks, ([each, task]) => ({
        ...described(each, task),
        settings: settingsOf(task.settings).map(({ key, description }) => ({ name: key, about: description })),
      })),
    ],
  };
}

const described = (
  name: string,
  { about, inputs, outputs }: Pick<ServedTask, "about" | "inputs" | "outputs">,
): object => ({ name, about, inputs: inputs.map(ofArray), outputs: outputs.map(ofArray) });

const ofArray = ({ name, type }: ValueInfo): object => ({ name, dtype: type.dtype, shape: type.shape });
