/** A training run that is the same however often it is stopped, and what is compared of it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Finished, Installed } from "../e2e/install.ts";

/** Seconds of training with a checkpoint every few steps: of one network, and of two that take turns, with EMA weights and two optimizers. */
const trainings = {
  vae: "train vae --data toy:moons:2000 --threads 1 --device cpu --batch-size 64 --set latentDim=2 --set hiddenDims=32",
  gan: "train gan --data toy:moons:2000 --threads 1 --device cpu --batch-size 64 --ema 0.99 --set discriminatorSteps=2 --set hiddenDims=32",
};
export type TrainingName = keyof typeof trainings;
const CHECKPOINTS = "--checkpoint-every 25 --json";

export class TrainedAlike {
  readonly #latentkit: Installed;
  readonly #steps: number;
  readonly #training: TrainingName;
  /** Of the run that nothing stopped: a digest, and how long it took. */
  expected = "";
  durationMs = 0;

  constructor(latentkit: Installed, steps: number, training: TrainingName = "vae") {
    this.#latentkit = latentkit;
    this.#steps = steps;
    this.#training = training;
  }

  async train(): Promise<void> {
    const out = join(this.#latentkit.folder, "whole");
    const began = performance.now();
    const { code, stderr } = await this.start(out).finished;
    if (code !== 0) throw new Error(`torture: the run that is compared with fails: ${stderr}`);
    this.durationMs = performance.now() - began;
    this.expected = this.digest(out);
    rmSync(out, { recursive: true });
  }

  /** Begins training into a folder, or goes on where it has begun. */
  start(out: string): ReturnType<Installed["start"]> {
    const begun = existsSync(join(out, "run.json"));
    const training = trainings[this.#training];
    const args = [training, `--steps ${this.#steps}`, CHECKPOINTS, ...(begun ? ["--resume"] : [])].join(" ").split(" ");
    return this.#latentkit.start(...args, "--out", out);
  }

  /** What is wrong with a finished run; nothing where its bytes are those of the other. */
  problemOf(out: string, { code, stderr }: Finished): string | undefined {
    if (code !== 0) return `exit code ${code}: ${stderr}`;
    return this.digest(out) === this.expected ? undefined : "other weights, optimizer or metrics than without a stop";
  }

  digest(out: string): string {
    const checkpoints = join(out, "checkpoints");
    const last = readdirSync(checkpoints).toSorted((a, b) => Number(b.slice(5)) - Number(a.slice(5)))[0]!;
    const files = ["weights", "optimizer"].map((name) => join(checkpoints, last, `${name}.safetensors`));
    const hash = createHash("sha256").update(last);
    for (const file of [...files, join(out, "metrics.jsonl")]) hash.update(readFileSync(file));
    return hash.digest("hex");
  }
}
