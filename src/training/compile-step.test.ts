import { beforeAll, expect, test } from "vitest";
import { constant, Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { cast, mean, reshape } from "../ops/index.ts";
import { sgd } from "../optim/sgd.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { compileStep } from "./compile-step.ts";

let device: Device;
beforeAll(async () => {
  device = await cpuDevice(1);
});

const zero = { kind: "constant", value: 0 } as const;
const statistic = (): Variable => new Variable([], zero, { trainable: false });
const options = () => ({ device, shape: [2], batchSize: 3, optimizer: sgd({ learningRate: 1 }) });
const x = Float32Array.of(1, 2, 3, 4, 5, 9);

test("what a layer updates is updated in the run of the objective whose context it was given", async () => {
  const [w, v, often, rare] = [new Variable([], zero), new Variable([], zero), statistic(), statistic()];
  const model: Model & Readonly<Record<string, unknown>> = {
    w,
    v,
    often,
    rare,
    objectives(batch, contextOf) {
      const average = mean(batch.x);
      contextOf("first").update(often, often.add(average));
      // A second update of the same variable in a graph builds on the first.
      contextOf("first").update(often, often.add(constant(100)));
      contextOf("second").update(rare, rare.add(constant(1)));
      return [
        { name: "first", loss: w.mul(average), parameters: new Map([["w", w]]), metrics: {} },
        { name: "second", loss: v.mul(average), parameters: new Map([["v", v]]), metrics: {}, every: 2 },
      ];
    },
  };
  const step = compileStep(model, options());
  await step.initialize(0);
  const valueOf = async (variable: Variable): Promise<number> => Number((await step.store.read(variable))[0]);
  for (let n = 1; n <= 3; n++) await step.run({ inputs: { x, step: Float32Array.of(n) }, seed: 0, step: n });
  expect(await valueOf(often)).toBe(3 * 104);
  expect(await valueOf(rare)).toBe(1);
  expect([await valueOf(w), await valueOf(v)]).toEqual([-12, -4]);
  await step.release();
});

test("a context of no objective is refused, where something is updated in it", () => {
  const [w, count] = [new Variable([], zero), statistic()];
  const model = (other: string): Model & Readonly<Record<string, unknown>> => ({
    w,
    count,
    objectives(batch, contextOf) {
      contextOf(other).update(count, count.add(1));
      return [{ name: "loss", loss: w.mul(mean(batch.x)), parameters: new Map([["w", w]]), metrics: {} }];
    },
  });
  expect(() => compileStep(model("los"), options())).toThrow(
    "step: a context is of no objective, got los, expected one of loss",
  );
  expect(() => compileStep(model("loss"), options())).not.toThrow();
});

test("a model sees the fields that it is conditioned on, in its batch and in every context", async () => {
  const w = new Variable([], zero);
  const model: Model & Readonly<Record<string, unknown>> = {
    w,
    condition: {
      fields: [
        { name: "class", kind: "class", classes: ["a", "b", "c"] },
        { name: "size", kind: "numbers", shape: [2] },
      ],
      required: true,
    },
    objectives({ fields }, contextOf) {
      const { condition } = contextOf("loss");
      expect(condition).toEqual(fields);
      const label = reshape(cast(fields["class"]!, "float32"), [3]);
      const given = mean(label).add(mean(condition!["size"]!));
      return [{ name: "loss", loss: w.mul(given), parameters: new Map([["w", w]]), metrics: { given } }];
    },
  };
  const step = compileStep(model, options());
  await step.initialize(0);
  const fields = {
    "field.class": BigInt64Array.of(0n, 1n, 2n),
    "field.size": Float32Array.of(0, 10, 20, 30, 40, 50),
  };
  const found = await step.run({ inputs: { x, ...fields }, seed: 0, step: 1, metrics: true });
  expect(found["given"]).toBe(26);
  await step.release();
});
