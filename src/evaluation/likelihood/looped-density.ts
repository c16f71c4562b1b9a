import type { Binarization } from "../../data/binarize.ts";
import type { Split } from "../../data/split.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import type { Codes } from "../../models/latent.ts";
import type { DensityLoop } from "../../models/sampler.ts";
import type { HostArray } from "../../runtime/host-array.ts";
import type { Program } from "../../runtime/program.ts";
import { batchInputs } from "../../training/batch-inputs.ts";
import { conditionFields, ownContext, SplitProgram } from "../map-split.ts";
import type { ModelOnDevice } from "../model-on-device.ts";

const stateInput = (name: string): string => `state.${name}`;

/** log p(x) of the examples of a split by a model's loop: the state goes from one compiled step to the next through the host. */
export class LoopedDensity {
  readonly #start: SplitProgram;
  readonly #step: Program;
  readonly #finish: Program;
  readonly #loop: DensityLoop;
  readonly #seed: number;

  constructor(
    trained: ModelOnDevice,
    loop: DensityLoop,
    { split, binarize, batchSize, seed }: { split: Split; binarize: Binarization; batchSize: number; seed: number },
  ) {
    const key = "density";
    this.#loop = loop;
    this.#seed = seed;
    this.#start = new SplitProgram(
      trained,
      { split, binarize, batchSize, key: `${key} start`, program: "density.start" },
      (x, context) => loop.start(x, context),
    );
    const { size } = this.#start;
    const fields = conditionFields(trained, split);
    const context = ownContext(trained, fields, new Input("x", [size, ...split.dataset.shape]));
    const state: Codes = Object.fromEntries(
      this.#start.program.outputs.map((name) => {
        const { shape, dtype } = this.#start.program.output(name);
        return [name, new Input(stateInput(name), shape, dtype)];
      }),
    );
    const program = (name: string, outputs: () => Readonly<Record<string, Tensor>>): Program =>
      trained.program(`${key} ${name} ${size} ${fields.map((field) => field.name).join()}`, () => ({
        name: `${key}.${name}`,
        outputs: new Map(Object.entries(outputs())),
      }));
    const at = Object.fromEntries(Object.keys(loop.schedule()[0]!).map((name) => [name, new Input(`at.${name}`, [])]));
    this.#step = program("step", () => loop.step(state, at, context));
    this.#finish = program("finish", () => ({ logProb: loop.finish(state, context) }));
  }

  /** log p(x) of the examples of each batch, in their order. */
  async *run(): AsyncGenerator<readonly number[]> {
    const seed = this.#seed;
    const schedule = this.#loop.schedule();
    for await (const { index, count, arrays, compute } of this.#start.run()) {
      let state = inputsOf(await compute({ seed }));
      for (const [k, point] of schedule.entries()) {
        const at = Object.entries(point).map(([name, value]) => [`at.${name}`, Float32Array.of(value)] as const);
        const inputs = { ...batchInputs(arrays), ...state, ...Object.fromEntries(at) };
        const { outputs } = this.#step;
        state = inputsOf(await this.#step.run({ inputs, outputs, seed, step: index * schedule.length + k }));
      }
      const inputs = { ...batchInputs(arrays), ...state };
      const { logProb } = await this.#finish.run({ inputs, outputs: this.#finish.outputs, seed, step: index });
      yield Array.from(logProb!.subarray(0, count), Number);
    }
  }
}

const inputsOf = (state: Readonly<Record<string, HostArray>>): Readonly<Record<string, HostArray>> =>
  Object.fromEntries(Object.entries(state).map(([name, values]) => [stateInput(name), values]));
