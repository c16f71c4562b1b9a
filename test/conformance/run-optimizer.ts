import { Input, Variable } from "../../src/graph/tensor.ts";
import { add, mul, sum } from "../../src/ops/index.ts";
import { stream } from "../../src/random/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { TrainingStep } from "../../src/training/step.ts";
import type { Element, OptimizerCase } from "./optimizer-cases.ts";

/** Sizes on both sides of whole SIMD lanes and cache lines; of rank 2, which decays, and 1, which does not. */
const shapes = [[5, 7], [3], [2, 33], [17], [1], [4, 16], [16]] as const;
const steps = 6;

/** float32 keeps 24 bits; six steps round some sixty times, mostly relative to updates much smaller than the weights. */
const tolerance = 3e-6;

const sizes = shapes.map((shape) => shape.reduce<number>((n, d) => n * d, 1));

/** Gradients of each step and tensor, in float32; small at first and large later, so that clipping sees both. */
const gradients = Array.from({ length: steps }, (_, i) =>
  sizes.map((size, k) => {
    const random = stream(7, "gradient", i, k);
    return Float32Array.from({ length: size }, () => random.normal() * 0.1 * 2 ** i);
  }),
);

/** The case in plain float64 loops, from float32 weights: each tensor's elements after the last step. */
function expectedAfter({ rule }: OptimizerCase, start: readonly Float32Array[]): Element[][] {
  let tensors = start.map((data) => Array.from(data, (p): Element => ({ p })));
  gradients.forEach((gs, i) => {
    const norm = Math.hypot(...gs.flatMap((g) => [...g]));
    tensors = tensors.map((elements, k) =>
      elements.map((element, n) => rule({ element, g: gs[k]![n]!, t: i + 1, decays: shapes[k]!.length > 1, norm })),
    );
  });
  return tensors;
}

/**
 * An optimizer on a device, over several steps, against the paper's rule: where weights, or what is kept beside them, differ.
 * The loss is sum(w g), whose gradient in w is the input g.
 */
export async function disagreements(device: Device, optimizerCase: OptimizerCase): Promise<readonly string[]> {
  const parameters = new Map(
    shapes.map((shape, k) => [`w${k}`, new Variable(shape, { kind: "normal", mean: 0, std: 1 })]),
  );
  const inputs = shapes.map((shape, k) => new Input(`g${k}`, shape));
  const loss = [...parameters.values()].map((w, k) => sum(mul(w, inputs[k]!))).reduce((a, b) => add(a, b));
  const step = new TrainingStep({
    device,
    variables: parameters,
    objectives: [{ name: "loss", loss, parameters, metrics: {} }],
    optimizer: optimizerCase.optimizer,
  });
  const readFloats = async (v: Variable): Promise<Float32Array> => (await step.store.read(v)) as Float32Array;
  await step.initialize(3);
  const start: Float32Array[] = [];
  for (const v of parameters.values()) start.push(await readFloats(v));
  for (const [i, gs] of gradients.entries())
    await step.run({ inputs: Object.fromEntries(gs.map((g, k) => [`g${k}`, g])), seed: 0, step: i + 1 });

  const expected = expectedAfter(optimizerCase, start);
  const wrong: string[] = [];
  for (const [k, [path, parameter]] of [...parameters].entries())
    for (const slot of Object.keys(expected[k]![0]!)) {
      const v = slot === "p" ? parameter : step.optimizerVariables.get(`loss.${path}.${slot}`);
      if (!v) wrong.push(`${path}: the optimizer keeps no ${slot}`);
      else
        (await readFloats(v)).forEach((got, n) => {
          const want = expected[k]![n]![slot]!;
          if (!(Math.abs(got - want) <= tolerance * (1 + Math.abs(want))))
            wrong.push(`${path}.${slot}[${n}]: got ${got}, expected ${want}`);
        });
    }
  await step.release();
  return wrong;
}
