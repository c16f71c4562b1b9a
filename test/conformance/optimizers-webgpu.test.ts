import { beforeAll, describe, expect, test } from "vitest";
import { cpuDevice } from "../../src/runtime/node.ts";
import { type Trained, trainRegression } from "./mlp-regression.ts";
import { fewOptimizerCases } from "./optimizer-cases.ts";
import { missingWebgpu, runWithWebgpu } from "./webgpu-process.ts";

/** Two devices sum products in other orders; twenty steps let float32's 6e-8 grow. */
const tolerance = 1e-4;

describe.skipIf(missingWebgpu !== "")(
  `optimizers on WebGPU, state on the device${missingWebgpu && ` (skipped: ${missingWebgpu})`}`,
  () => {
    let trained: Trained;
    let disagreements: ReadonlyMap<string, readonly string[]>;
    let failure: string | undefined;
    beforeAll(async () => {
      const run = await runWithWebgpu("test/conformance/optimizers-webgpu-main.ts");
      const [first, ...rest] = run.output;
      trained = first as Trained;
      disagreements = new Map(rest as [string, string[]][]);
      failure = run.failure;
    }, 600_000);

    test("the process ends well", () => expect(failure).toBeUndefined());

    test.each(fewOptimizerCases.map(({ name }) => name))("%s", (name) => expect(disagreements.get(name)).toEqual([]));

    test("twenty steps of a network agree with the CPU's WebAssembly pass, and both learn", async () => {
      const expected = await trainRegression(await cpuDevice(1));
      expect(trained.losses.at(-1)).toBeLessThan(0.6 * trained.losses[0]!);
      expect(expected.losses.at(-1)).toBeLessThan(0.6 * expected.losses[0]!);
      expect(Object.keys(trained.state)).toEqual(Object.keys(expected.state));
      for (const [name, values] of Object.entries(expected.state))
        values.forEach((v, i) =>
          expect(Math.abs(trained.state[name]![i]! - v), `${name}[${i}]`).toBeLessThan(tolerance),
        );
    });
  },
);
