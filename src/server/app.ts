import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ConfigError, DataError, LatentkitError } from "../errors.ts";
import { gridRaster } from "../kinds/registry.ts";
import { encodePng } from "../pictures/png.ts";
import { joinBytes } from "../serialization/join-bytes.ts";
import { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "../serialization/safetensors.ts";
import { version } from "../version.ts";
import { OverloadedError } from "./batcher.ts";
import { inferenceMetadata, jsonLengthHeader, readInference, writeInference } from "./inference-protocol.ts";
import { fromFlat, fromNested, toNested } from "./json-arrays.ts";
import { openApi } from "./open-api.ts";
import type { Arrays, ServedFunction, ShapedArray } from "./served-function.ts";
import type { ServedRun } from "./served-run.ts";
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

const safetensorsType = "application/vnd.safetensors";

/** Something asked for is not there. */
class NotFoundError extends LatentkitError {}
/** A request from a page of another place. */
class ForbiddenError extends LatentkitError {}

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
  app.use(
    bodyLimit({
      maxSize: mostBytes,
      onError(c) {
        // What is left of the body is not read.
        c.header("Connection", "close");
        return problem(c, 413, new DataError(`body: too large, got more than ${mostBytes} bytes, expected fewer`));
      },
    }),
  );
  app.onError((error, c) => {
    if (error instanceof OverloadedError) {
      c.header("Retry-After", String(error.retryAfter));
      return problem(c, 429, error);
    }
    if (error instanceof NotFoundError) return problem(c, 404, error);
    if (error instanceof ForbiddenError) return problem(c, 403, error);
    if (error instanceof LatentkitError) return problem(c, 400, error);
    metrics.failed(error);
    return problem(c, 500, new LatentkitError("server: an internal error, expected none"));
  });
  app.notFound((c) =>
    problem(c, 404, new NotFoundError(`path: nothing is here, got ${c.req.path}, expected one of /openapi.json`)),
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
  const timed = async (run: ServedRun, name: string, compute: () => Promise<Arrays>): Promise<Arrays> => {
    if (!ready()) throw new OverloadedError("server: shutting down, got a request, expected none", 1);
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
    const run = runOf(c.req.param("model"));
    const name = c.req.param("function");
    const served = functionOf(run, name);
    const { arrays, seed, rows } = await readBody(c, served);
    const found = await timed(run, name, () =>
      served.run(arrays, { ...(seed !== undefined && { seed }), ...(rows !== undefined && { rows }) }),
    );
    return answer(c, run, found);
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
      const { full, run, served, name } = inference(c);
      const length = c.req.header(jsonLengthHeader);
      const body = new Uint8Array(await c.req.arrayBuffer());
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

interface Asked {
  readonly arrays: Arrays;
  readonly seed: number | undefined;
  readonly rows: number | undefined;
}

/** The inputs of a request: JSON, {"x": [[...]], "seed": 0, "count": 8}, or tensors by name as safetensors, with seed and count in the query. */
async function readBody(c: Context, served: ServedFunction): Promise<Asked> {
  const type = (c.req.header("content-type") ?? "application/json").split(";")[0]!.trim();
  if (type === safetensorsType || type === "application/octet-stream") {
    const { tensors } = readSafetensors(new Uint8Array(await c.req.arrayBuffer()), "body");
    const arrays = Object.fromEntries(Array.from(tensors, ([name, tensor]) => [name, ofTensor(name, tensor)]));
    return { arrays, seed: queried(c, "seed"), rows: queried(c, "count") };
  }
  // What curl -d says of any text: pages of other places are kept out by their origin.
  if (type !== "application/json" && type !== "application/x-www-form-urlencoded")
    throw new DataError(`content-type: unknown, got ${type}, expected application/json or ${safetensorsType}`);
  const text = await c.req.text();
  let json: unknown;
  try {
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new DataError("body: not valid JSON, got something else, expected an object of inputs by name");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new DataError("body: not an object, got another value, expected inputs by name");
  const { seed, count, ...inputs } = json as Record<string, unknown>;
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, v]) => {
      const dtype = served.inputs.find((info) => info.name === name)?.type.dtype ?? "float32";
      const flat = v as { readonly shape?: unknown; readonly data?: unknown } | null;
      if (typeof flat === "object" && flat && !Array.isArray(flat)) {
        const { shape, data } = flat;
        const whole = (d: unknown): d is number => Number.isSafeInteger(d) && (d as number) >= 0;
        if (!Array.isArray(shape) || shape.length > 8 || !shape.every(whole) || !Array.isArray(data))
          throw new DataError(`${name}: neither lists nor shape and data, got another object, expected one of them`);
        return [name, fromFlat(data, shape, dtype, name)];
      }
      return [name, fromNested(v, dtype, name)];
    }),
  );
  return { arrays, seed: wholeNumber(seed, "seed"), rows: wholeNumber(count, "count") };
}

const queried = (c: Context, name: string): number | undefined => {
  const text = c.req.query(name);
  return text === undefined ? undefined : wholeNumber(Number(text), name);
};

function wholeNumber(v: unknown, name: string): number | undefined {
  if (v === undefined || (Number.isSafeInteger(v) && (v as number) >= 0)) return v as number | undefined;
  throw new ConfigError(`${name}: not a whole number, got ${JSON.stringify(v)}, expected 0 or more`);
}

function ofTensor(name: string, { dtype, shape, data }: SafetensorsTensor): ShapedArray {
  if (dtype === "F32") return { dtype: "float32", shape, data };
  if (dtype === "I64") return { dtype: "int64", shape, data };
  throw new DataError(`${name}: unknown dtype, got ${dtype}, expected F32 or I64`);
}

/** Outputs as the client accepts them: JSON lists, safetensors, or a picture of examples. */
function answer(c: Context, { loaded }: ServedRun, found: Arrays): Response {
  const accepted = c.req.header("accept") ?? "";
  if (accepted.includes("image/png")) {
    const { shape, kind } = loaded.trained;
    const [, examples] = Object.entries(found).find(([, each]) => each.shape.slice(1).join() === shape.join()) ?? [];
    if (!examples || !(examples.data instanceof Float32Array))
      throw new DataError(
        `accept: no examples to draw, got ${Object.keys(found).join(", ")}, expected application/json`,
      );
    const count = examples.shape[0]!;
    const columns = Math.ceil(Math.sqrt(count));
    const png = encodePng(gridRaster({ sets: [examples.data], count, columns, shape, kind }));
    return c.body(png as Uint8Array<ArrayBuffer>, 200, { "content-type": "image/png" });
  }
  if (accepted.includes(safetensorsType) || accepted.includes("application/octet-stream")) {
    const tensors = Object.entries(found).map(([name, { shape, data }]): [string, SafetensorsTensor] =>
      data instanceof BigInt64Array
        ? [name, { dtype: "I64", shape, data }]
        : [name, { dtype: "F32", shape, data: data as Float32Array }],
    );
    return c.body(joinBytes(safetensorsChunks(new Map(tensors))), 200, { "content-type": safetensorsType });
  }
  return c.json(Object.fromEntries(Object.entries(found).map(([name, array]) => [name, toNested(array)])));
}

function describedRun({ name, loaded, functions }: ServedRun): object {
  const { run, step } = loaded;
  const { model, data } = run.info;
  return {
    name,
    model,
    step,
    data: { source: data.source, kind: data.kind, shape: data.shape, range: data.range },
    functions: Array.from(functions, ([each, { graph, inputs }]) => ({
      name: each,
      about: graph.about,
      inputs: inputs.map(({ name: of, type }) => ({ name: of, dtype: type.dtype, shape: type.shape })),
      outputs: graph.outputs.map(({ name: of, type }) => ({ name: of, dtype: type.dtype, shape: type.shape })),
    })),
  };
}

/** An error as a problem document (RFC 9457). */
function problem(c: Context, status: 400 | 403 | 404 | 413 | 429 | 500, error: LatentkitError): Response {
  const titles = {
    400: "the request does not fit",
    403: "not allowed",
    404: "not found",
    413: "the body is too large",
    429: "the server is busy",
    500: "internal error",
  };
  const { where, got, expected, message } = error;
  return c.body(
    JSON.stringify({ type: "about:blank", title: titles[status], status, detail: message, where, got, expected }),
    status,
    { "content-type": "application/problem+json" },
  );
}
