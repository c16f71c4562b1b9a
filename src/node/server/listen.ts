import { type Server as HttpServer } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { ConfigError } from "../../errors.ts";
import { systemCode } from "../files/file-error.ts";

export interface Listening {
  readonly port: number;
  /** Takes no new connections, and resolves once those that there are have been answered. */
  close(): Promise<void>;
}

/** Listens for HTTP. Throws ConfigError where the port is taken or not allowed. */
export function listen(
  app: Hono,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      resolve({
        port: info.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeIdleConnections();
          }),
      });
    }) as HttpServer;
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
