import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MlflowCall {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
}

export interface MlflowServer {
  readonly address: string;
  /** In the order they came. */
  readonly calls: MlflowCall[];
  /** Answers in another way, and says whether it does so for this call. */
  answer: (call: MlflowCall, response: ServerResponse) => boolean;
  /** Bodies of the calls of a path. */
  sent(path: string): readonly Record<string, unknown>[];
  metrics(): readonly { readonly key: string; readonly step: number; readonly value: number }[];
  close(): Promise<void>;
}

/** As MLflow does. */
export const asMlflow: MlflowServer["answer"] = () => false;

/** A server that answers as MLflow's does, as far as Latentkit asks it, until it is told to answer in another way. */
export async function mlflowServer(): Promise<MlflowServer> {
  const calls: MlflowCall[] = [];
  const experiments = new Set<string>();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const url = new URL(request.url!, "http://localhost");
      const path = url.pathname.replace("/api/2.0/mlflow/", "");
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const call = { path, body, authorization: request.headers.authorization };
      calls.push(call);
      if (mlflow.answer(call, response)) return;
      const answer = (code: number, value: object): void => {
        response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
      };
      if (path === "experiments/get-by-name") {
        const name = url.searchParams.get("experiment_name")!;
        if (experiments.has(name)) answer(200, { experiment: { experiment_id: "7" } });
        else answer(404, { error_code: "RESOURCE_DOES_NOT_EXIST" });
      } else if (path === "experiments/create") {
        experiments.add(String(body["name"]));
        answer(200, { experiment_id: "7" });
      } else if (path === "runs/create") answer(200, { run: { info: { run_id: "abc" } } });
      else answer(200, {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sent: MlflowServer["sent"] = (path) => calls.filter((call) => call.path === path).map(({ body }) => body);
  const mlflow: MlflowServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: asMlflow,
    sent,
    metrics: () =>
      sent("runs/log-batch").flatMap((body) => (body["metrics"] ?? []) as ReturnType<MlflowServer["metrics"]>),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return mlflow;
}
