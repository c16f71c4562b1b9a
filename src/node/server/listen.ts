import { type Server as HttpServer } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { ConfigError } from "../../errors.ts";
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
  /** Seconds in which a request is to arrive, and without a byte of its answer being read. */
  readonly patience: number;
}

/** Milliseconds that a connection without a request is kept: longer than the minute of most proxies, which reuse it until then. */
const keptAlive = 65_000;

/** Listens for HTTP. Throws ConfigError where the port is taken or not allowed. */
export function listen(app: Hono, { host, port, connections: most, patience }: ListenOptions): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const milliseconds = patience * 1000;
    const serverOptions = {
      headersTimeout: milliseconds,
      requestTimeout: milliseconds,
      connectionsCheckingInterval: Math.min(1000, milliseconds),
      keepAliveTimeout: keptAlive,
    };
    const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, (info) => {
      resolve({
        port: info.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              connections.end();
              closed();
            });
            connections.stop();
          }),
      });
    }) as HttpServer;
    server.maxConnections = most;
    const connections = new Connections(server, milliseconds);
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
