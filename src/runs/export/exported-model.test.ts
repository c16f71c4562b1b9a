import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { smallConfigs } from "../../../test/small-configs.ts";
import { initialValues } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { Input, Noise, type Tensor } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import type { Model } from "../../models/model.ts";
import { registry } from "../../models/registry.ts";
import { variables } from "../../nn/module.ts";
import { matmul } from "../../ops/linalg.ts";
import { reshape } from "../../ops/movement.ts";
import { anyBatch } from "../../onnx/any-batch.ts";
import { lowered } from "../../onnx/emit.ts";
import { exportedGraphs, type Weights } from "./exported-model.ts";
import { modelGraphs, samplingPlan } from "./model-graphs.ts";

const fields = [{ name: "class", kind: "class", classes: ["a", "b"] }] as const;
/** Data that each model takes. */
const dataOf: Readonly<Record<string, ReturnType<typeof dataSpec>>> = {
  copula: dataSpec([3]),
  maf: dataSpec([3], { range: null }),
  "spline-flow": dataSpec([3], { range: null }),
  transformer: dataSpec([1, 2, 2], { symbols: 3, range: null }),
  "masked-diffusion": dataSpec([1, 2, 2], { symbols: 3, range: null }),
};
const images = dataSpec([1, 8, 8], { range: [0, 255], size: 60, examples: 50, fields });

/** Values of an input or of noise. */
function given({ shape, dtype, size }: Tensor, seed: number): Value {
  if (dtype === "int64")
    return value(
      "int64",
      shape,
      Array.from({ length: size }, (_, i) => (i + seed) % 2),
    );
  return value(
    dtype,
    shape,
    Array.from({ length: size }, (_, i) => 0.5 + 0.45 * Math.sin(i * 1.7 + seed)),
  );
}

const ortTensor = ({ dtype, shape, data }: Value): OrtTensor =>
  dtype === "int64"
    ? new OrtTensor("int64", BigInt64Array.from(data, BigInt), shape)
    : new OrtTensor("float32", Float32Array.from(data), shape);

describe.each(registry.map((definition) => [definition.name, definition] as const))("%s", (name, definition) => {
  const data = dataOf[name] ?? images;
  const model: Model = definition.build(definition.config.parse(smallConfigs[name] ?? {}), data);
  // Zeros would hide what is computed from them; eigenvalues are positive.
  const least = name === "pca" ? 1.2 : 0;
  const values = new Map(
    Array.from(initialValues(model), ([leaf, { dtype, shape, data: held }]): [Tensor, Value] => [
      leaf,
      value(
        dtype,
        shape,
        held.map((v, i) => v + 0.01 * (least + Math.sin(2.3 * i))),
      ),
    ]),
  );
  const weights: Weights = new Map(
    [...variables(model)].map(([path, variable]) => [variable, { name: path, held: values.get(variable)! }]),
  );
  const trained = { model, shape: data.shape } as Parameters<typeof exportedGraphs>[0]["trained"];
  const files = exportedGraphs({ trained }, weights, { model: name });
  const graphs = modelGraphs(trained);
  const plan = samplingPlan(model);

  test.each(files.map((file) => [file.name, file] as const))(
    "%s computes what the model does, for any batch",
    async (_, file) => {
      // Levels of noise are spread over a batch: their bound is of a batch as a whole.
      const spread = file.name === "elbo" && ["diffusion", "masked-diffusion"].includes(name);
      expect(file.batch).toBe(spread ? 1 : "any");
      const graph = graphs.find((each) => each.name === file.name)!;
      const session = await InferenceSession.create(file.bytes);
      for (const batch of file.batch === "any" ? [1, 3] : [file.batch]) {
        const { inputs, outputs } = graph.build(batch);
        const leaves = new Map<Tensor, Value>(values);
        const feeds: Record<string, OrtTensor> = {};
        const give = (key: string, leaf: Tensor, held: Value): void => {
          leaves.set(leaf, held);
          if (session.inputNames.includes(key)) feeds[key] = ortTensor(held);
        };
        for (const [key, input] of inputs) {
          const [, group, scalar] = /^(option|at)\.(.*)$/.exec(key) ?? [];
          const at = plan?.steps.find((step) => step.graph === file.name)?.at ?? {};
          const number = group === "at" ? at[scalar!] : group === "option" ? plan!.options[scalar!] : undefined;
          give(key, input, typeof number === "number" ? value("float32", [], [number]) : given(input, batch));
        }
        let drawn = 0;
        for (const t of topologicalOrder([...outputs.values()]))
          if (t instanceof Noise) give(`noise.${drawn++}`, t, given(t, drawn));
        if (session.inputNames.includes("batch"))
          feeds["batch"] = new OrtTensor("int64", BigInt64Array.of(BigInt(batch)), [1]);
        const found = await session.run(feeds);
        const expected = evaluate([...outputs.values()], leaves);
        [...outputs.keys()].forEach((key, i) => {
          expect(found[key]!.dims).toEqual([...expected[i]!.shape]);
          const scale = expected[i]!.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
          const far = expected[i]!.data.findIndex(
            (v, k) => !(Math.abs(Number(found[key]!.data[k]) - v) <= 1e-4 * scale),
          );
          expect([key, far, far === -1 ? 0 : [expected[i]!.data[far], found[key]!.data[far]]]).toEqual([key, -1, 0]);
        });
      }
      await session.release();
    },
  );
});

describe("one model for any batch", () => {
  const partsOf = (f: (x: Input, batch: number) => Tensor) => (batch: number) => {
    const x = new Input("x", [batch, 6]);
    return lowered({ inputs: new Map([[x, "x"]]), outputs: new Map([["y", f(x, batch)]]), target: { kind: "cpu" } });
  };

  test("shapes are computed from the first input, and named", () => {
    const made = anyBatch(partsOf((x, batch) => reshape(x, [2 * batch, 3])));
    expect(made?.inputs[0]!.type.shape).toEqual(["batch", 6]);
    expect(made?.outputs[0]!.type.shape).toEqual(["2*batch", 3]);
  });

  test("is not made where more than shapes depends on the batch", () => {
    expect(anyBatch(partsOf((x, batch) => x.div(batch)))).toBeUndefined();
    expect(anyBatch(partsOf((x) => matmul(x.transpose(), x)))?.outputs[0]!.type.shape).toEqual([6, 6]);
    expect(anyBatch(partsOf((x, batch) => (batch > 64 ? x.mul(2) : x)))).toBeUndefined();
  });
});
