import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Current {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly since: number;
  /** Whether it is among those in flight. */
  counted: boolean;
}

interface Connection {
  /** The request that is being answered, or has yet to arrive in full. */
  current?: Current | undefined;
  /** When bytes last went to the client, and how many had by then. */
  written: { readonly bytes: number; readonly since: number };
}

/**
 * The connections of a server, of which it cuts those that hold on to it: clients that do not read their answer, and, once it stops, those whose request has
 * not arrived in full. Node itself cuts requests that are slow to arrive, but only while the server listens.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #patience: number;
  #stopping = false;
  #inFlight = 0;

  /** `patience`: milliseconds without a byte. */
  constructor(server: Server, patience: number) {
    this.#patience = patience;
    server.on("connection", (socket) => {
      this.#open.set(socket, { written: { bytes: 0, since: Date.now() } });
      socket.once("close", () => this.#open.delete(socket));
    });
    server.prependListener("request", (request, response) => {
      const connection = this.#open.get(request.socket);
      if (!connection) return;
      const current: Current = { request, response, since: Date.now(), counted: true };
      connection.current = current;
      this.#inFlight += 1;
      if (this.#stopping) response.setHeader("connection", "close");
      response.once("close", () => {
        this.#discount(current);
        if (connection.current !== current) return;
        connection.current = undefined;
        if (this.#stopping) request.socket.end();
      });
    });
    this.#timer = setInterval(() => this.#sweep(), Math.min(1000, patience / 2)).unref();
  }

  /** Requests that have not been answered, but for those that are slow to arrive: they keep none out. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Cuts connections without a request, and from now on those whose request does not arrive. */
  stop(): void {
    this.#stopping = true;
    for (const [socket, { current }] of this.#open) {
      if (!current) socket.destroy();
      else if (!current.response.headersSent) current.response.setHeader("connection", "close");
    }
  }

  /** Once all are closed. */
  end(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const now = Date.now();
    for (const [socket, connection] of this.#open) {
      const { current, written } = connection;
      if (socket.bytesWritten !== written.bytes || socket.writableLength === 0)
        connection.written = { bytes: socket.bytesWritten, since: now };
      if (current && !current.request.complete && now - current.since > slow) this.#discount(current);
      const unread = now - connection.written.since > this.#patience;
      const unsent = this.#stopping && current && !current.request.complete && now - current.since > this.#patience;
      if (unread || unsent) socket.destroy();
    }
  }

  #discount(current: Current): void {
    if (current.counted) this.#inFlight -= 1;
    current.counted = false;
  }
}

/** Milliseconds from which on a request is slow to arrive. */
const slow = 1000;
