import { Counter, Histogram, Registry } from "prom-client";
import { GoneError, isInternal, OverloadedError } from "./problems.ts";

/** What a server counts, in the text format of Prometheus. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "latentkit_requests_total",
    help: "Requests of functions, by their outcome: ok, refused (the request does not fit), busy (429), gone (the client left), failed.",
    labelNames: ["model", "function", "outcome"],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: "latentkit_request_seconds",
    help: "Seconds from a request of a function to its outputs, waiting included.",
    labelNames: ["model", "function"],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [this.#registry],
  });
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure`: is told of errors that are no client's. */
  constructor(onFailure: (error: unknown) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  failed(error: unknown): void {
    this.#onFailure(error);
  }

  /** Runs a request of a function, and counts it. */
  async timed<T>(model: string, name: string, run: () => Promise<T>): Promise<T> {
    const end = this.#seconds.startTimer({ model, function: name });
    try {
      const result = await run();
      end();
      this.#requests.inc({ model, function: name, outcome: "ok" });
      return result;
    } catch (error) {
      this.#requests.inc({ model, function: name, outcome: outcomeOf(error) });
      throw error;
    }
  }
}

function outcomeOf(error: unknown): string {
  if (isInternal(error)) return "failed";
  return error instanceof OverloadedError ? "busy" : error instanceof GoneError ? "gone" : "refused";
}
