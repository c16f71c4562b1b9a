/** MLflow's REST API 2.0, https://mlflow.org/docs/latest/rest-api.html, of a server that may be any, or none. */
import type { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { quoted } from "../../serialization/quoted.ts";

/** Of one request, with its answer. */
const timeoutMs = 10_000;
const mostBytes = 2 ** 20;

interface Request {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** All methods throw ConfigError where no server of MLflow answers; `post` and `checked` also where it refuses. */
export interface MlflowApi {
  readonly where: string;
  get(path: string, stop?: AbortSignal): Promise<Answer>;
  /** The answer as JSON. */
  post(path: string, body: object, stop?: AbortSignal): Promise<unknown>;
  checked(answer: Answer): unknown;
}

/** The API of a server. `headers` carry the credentials. Throws ConfigError where the address is none. */
export function mlflowApi(address: string, headers: Readonly<Record<string, string>>): MlflowApi {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new ConfigError(
      `--mlflow: not the address of a server, got ${quoted(address.replace(/\/\/[^/@]*@/, "//...@"))}, expected http://host:port; a name and password go into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
    );
  const base = `${url.href.replace(/\/+$/, "")}/api/2.0/mlflow/`;
  const call = async (path: string, request: Request, stop?: AbortSignal): Promise<Answer> => {
    try {
      const late = AbortSignal.timeout(timeoutMs);
      const signal = stop ? AbortSignal.any([late, stop]) : late;
      const response = await fetch(base + path, { ...request, headers: { ...headers, ...request.headers }, signal });
      return { status: response.status, text: await textOf(response) };
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
  return {
    where: address,
    checked,
    get: (path, stop) => call(path, { method: "GET" }, stop),
    post: async (path, body, stop) => {
      const json = { "content-type": "application/json" };
      return checked(await call(path, { method: "POST", headers: json, body: JSON.stringify(body) }, stop));
    },
  };
}

/** The text of an answer, which may have no end. Throws where it is longer than any of MLflow's. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`an answer of more than ${mostBytes} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** The value of an answer. Throws ConfigError where it is not as MLflow's API has it. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    `--mlflow: ${where} has an unexpected answer, got ${quoted(JSON.stringify(value) ?? "")}, expected an answer by MLflow's API`,
  );
}
