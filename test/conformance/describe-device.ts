import { beforeAll, describe, expect, test } from "vitest";
import type { DType } from "../../src/graph/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { everyCase, type Outcome, runOnDevice } from "./run.ts";

interface Options {
  /** How many derivatives are taken along. */
  readonly order: 1 | 2;
  readonly perSession: number;
}

function suite(
  name: string,
  device: () => Promise<Device>,
  { order, perSession }: Options,
  dtype: DType,
  check: (outcome: Outcome | undefined) => void,
): void {
  describe(name, () => {
    const built = everyCase(order, dtype);
    let outcomes: ReadonlyMap<string, Outcome>;
    beforeAll(async () => {
      outcomes = await runOnDevice(await device(), built, perSession);
    }, 600_000);
    test.each(built.map((b) => b.id))("%s", (id) => check(outcomes.get(id)));
  });
}

/** Every case on a device: values, gradients, shapes and dtypes as the float64 reference has them. */
export function describeDevice(name: string, device: () => Promise<Device>, options: Options): void {
  suite(`${name} agrees with the reference`, device, options, "float32", (outcome) => expect(outcome).toBeNull());
}

/** Every case in float64: it agrees to the last digits, or an op without such a kernel refuses by name. */
export function describeFloat64(name: string, device: () => Promise<Device>): void {
  suite(`${name} in float64`, device, { order: 1, perSession: 64 }, "float64", (outcome) => {
    if (outcome === null || typeof outcome !== "object") expect(outcome).toBeNull();
    else expect(outcome.refused).toMatch(/^\w+: ONNX Runtime has no float64 kernel for it/u);
  });
}
