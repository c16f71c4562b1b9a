import { test } from "vitest";
import { maf, splineFlow } from "./models/index.ts";
import { dataSpec } from "./data/spec.ts";
import { constant, noise } from "./graph/tensor.ts";
import { evaluation } from "./nn/context.ts";
import { initialValues } from "../test/variable-values.ts";
import { compute } from "./runtime/compute.ts";
import { cpuDevice } from "./runtime/node.ts";
import { Input } from "./graph/tensor.ts";
import { value } from "./graph/value.ts";
test("x", async () => {
  const device = await cpuDevice(1);
  for (const [name, D] of [
    ["maf", 10],
    ["maf", 20],
    ["maf", 50],
    ["sar", 10],
    ["sar", 20],
    ["sar", 50],
  ] as const) {
    const d =
      name === "maf"
        ? maf.build(maf.config.parse({}), dataSpec([D], { range: null }))
        : splineFlow.build(
            splineFlow.config.parse({ transform: "autoregressive", layers: 5 }),
            dataSpec([D], { range: null }),
          );
    const z = new Input("z", [64, D]);
    const leaves = new Map([
      ...initialValues(d),
      [
        z,
        value(
          "float32",
          z.shape,
          Float64Array.from({ length: z.size }, (_, i) => Math.sin(i)),
        ),
      ],
    ]);
    let t = performance.now();
    const c = process.cpuUsage();
    const x = d.decode!({ z }, evaluation).mean;
    const t1 = performance.now();
    await compute(device, [x], leaves as any);
    const u = process.cpuUsage(c);
    console.log(
      "RES",
      name,
      D,
      "graph",
      (t1 - t).toFixed(0),
      "compile+run",
      (performance.now() - t1).toFixed(0),
      "cpu",
      (u.user + u.system) / 1000,
    );
  }
}, 300000);
