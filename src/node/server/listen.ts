import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { ConfigError } from "../../errors.ts";
import { OverloadedError, problemOf } from "../../server/problems.ts";
import { Connections } from "./connections.ts";
import { systemCode } from "../files/file-error.ts";

export interface Listening {
  readonly port: number;
  /** Takes no new connections, and resolves once those that there are have been answered. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Connections at a time; more are closed at once. */
  readonly connections: number;
  /** Requests but for GET in flight; more are answered 429 before anything is read of them. */
  readonly requests: number;
  /** Seconds in which a request is to arrive, and without a byte of its answer being read. */
  readonly patience: number;
}

/** Milliseconds that a connection without a request is kept: longer than the minute of most proxies, which reuse it until then. */
const keptAlive = 65_000;

/** Listens for HTTP. Throws ConfigError where the port is taken or not allowed. */
export function listen(
  app: Hono,
  { host, port, connections: mostConnections, requests: mostRequests, patience }: ListenOptions,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const milliseconds = patience * 1000;
    const serverOptions = {
      headersTimeout: milliseconds,
      requestTimeout: milliseconds,
      connectionsCheckingInterval: Math.min(1000, milliseconds),
      keepAliveTimeout: keptAlive,
    };
    // As little work as can be: under overload most requests get this.
    const busy = problemOf(
      new OverloadedError(
        `the server is busy, got more than ${mostRequests} requests in flight, expected fewer; come again in 1 s`,
        1,
      ),
    );
    const answer = getRequestListener(app.fetch);
    const server = createServer(serverOptions, (request, response) => {
      if (request.method !== "GET" && connections.inFlight > mostRequests)
        response.writeHead(busy.status, busy.headers).end(busy.body);
      else void answer(request, response);
    });
    const connections = new Connections(server, milliseconds);
    server.maxConnections = mostConnections;
    // A burst of new connections beyond the backlog would wait for the seconds of TCP's retries.
    server.listen({ port, host, backlog: Math.max(511, mostConnections) }, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              connections.end();
              closed();
            });
            connections.stop();
          }),
      });
    });
    server.once("error", (error) => {
      const code = systemCode(error);
      const what =
        code === "EADDRINUSE"
          ? "the port is taken"
          : code === "EACCES"
            ? "the port is not allowed"
            : `it cannot listen (${code ?? error.message})`;
      reject(new ConfigError(`--port: ${what}, got ${host}:${port}, expected a free one; 0 picks one`));
    });
  });
}
