import { expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import { Input } from "../../graph/tensor.ts";
import { evaluation } from "../../nn/context.ts";
import { decoderFor, encoderFor, type NetworkConfig } from "./networks.ts";

const config: NetworkConfig = {
  network: "mlp",
  hiddenDims: [5],
  channels: [2, 3],
  activation: "relu",
  categories: "one-hot",
};
const columns = [
  { name: "a", kind: "number" },
  { name: "b", kind: "category", values: ["x", "y", "z"] },
] as const;

test("categories are embedded where there are some, and refused where there are none", () => {
  const embedded = { ...config, categories: "embedded" } as const;
  const encoder = encoderFor(embedded, dataSpec([4], { columns }), 3);
  expect(encoder.apply(new Input("x", [2, 4]), evaluation).shape).toEqual([2, 3]);
  for (const none of [{ columns: [columns[0]] }, { columns: [] }, {}])
    expect(() => encoderFor(embedded, dataSpec([1], none), 3)).toThrow(
      "categories: embedded is for tables with categories, got examples without any, expected one-hot",
    );
});

test.each([
  ["linear", [1, 8, 8]],
  ["mlp", [1, 8, 8]],
  ["conv", [2, 8, 12]],
] as const)("%s: codes of the wanted size, and examples of the data's shape", (network, shape) => {
  const of = { ...config, network };
  expect(encoderFor(of, dataSpec(shape), 3).apply(new Input("x", [2, ...shape]), evaluation).shape).toEqual([2, 3]);
  expect(decoderFor(of, 3, shape).apply(new Input("z", [2, 3]), evaluation).shape).toEqual([2, ...shape]);
});

test("convolutions are for images alone", () => {
  expect(() => encoderFor({ ...config, network: "conv" }, dataSpec([16]), 3)).toThrow(
    "network: conv needs images, got examples of shape [16], expected [channels, height, width]; use network=mlp",
  );
});
