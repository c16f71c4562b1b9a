import { UnsupportedOpError } from "../errors.ts";
import { type LoadedRun, weightsNow, weightsOf } from "../runs/load-run.ts";
import { type RunLimits, type ServedRun, serveRun } from "./served-run.ts";

/** A run that is to be served. */
export interface RunPlace {
  readonly name: string;
  readonly load: () => Promise<LoadedRun>;
}

/** Runs that are served by name, each with the weights that it has when someone looks. */
export class ServedRuns {
  readonly #limits: RunLimits;
  readonly #places: readonly RunPlace[];
  readonly #runs = new Map<string, ServedRun>();
  readonly #weights = new Map<string, string>();
  #looking: Promise<void> | undefined;
  /** What was wrong with each at the last look. */
  readonly #troubles = new Map<string, string>();

  private constructor(places: readonly RunPlace[], limits: RunLimits) {
    this.#places = places;
    this.#limits = limits;
  }

  /** Loads runs. Throws as loading does, and UnsupportedOpError where a run has nothing to serve. */
  static async open(places: readonly RunPlace[], limits: RunLimits): Promise<ServedRuns> {
    const served = new ServedRuns(places, limits);
    for (const place of places) {
      const run = await served.#serve(place);
      served.#runs.set(place.name, run);
      served.#weights.set(place.name, await weightsOf(run.loaded));
    }
    return served;
  }

  get byName(): ReadonlyMap<string, ServedRun> {
    return this.#runs;
  }

  /**
   * Puts newer weights of a run in the place of those that are served, which finish what was asked of them. A run that is gone or cannot be loaded is
   * served on as it is; `tell` is told so once.
   */
  look(tell: (what: string) => void): Promise<void> {
    return (this.#looking ??= this.#look(tell).finally(() => (this.#looking = undefined)));
  }

  async release(): Promise<void> {
    await this.#looking;
    for (const run of this.#runs.values()) await run.release();
  }

  async #look(tell: (what: string) => void): Promise<void> {
    for (const place of this.#places) {
      const { name } = place;
      const { loaded } = this.#runs.get(name)!;
      try {
        const weights = await weightsNow(loaded);
        if (weights !== undefined && weights !== this.#weights.get(name)) await this.#replace(place, weights, tell);
        this.#troubles.delete(name);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (this.#troubles.get(name) === message) continue;
        this.#troubles.set(name, message);
        tell(`${name}: step ${loaded.step} is served on: ${message}`);
      }
    }
  }

  async #replace(place: RunPlace, weights: string, tell: (what: string) => void): Promise<void> {
    const { name } = place;
    const newer = await this.#serve(place);
    const old = this.#runs.get(name)!;
    this.#runs.set(name, newer);
    this.#weights.set(name, weights);
    tell(`${name}: step ${newer.loaded.step} takes the place of step ${old.loaded.step}`);
    await old.release();
  }

  async #serve({ name, load }: RunPlace): Promise<ServedRun> {
    const loaded = await load();
    try {
      const served = await serveRun(loaded, name, this.#limits);
      if (served.functions.size + served.tasks.size > 0) return served;
      throw new UnsupportedOpError(
        `${loaded.run.path}: nothing to serve, got a model without functions, expected one with some`,
      );
    } catch (error) {
      await loaded.trained.release();
      throw error;
    }
  }
}
