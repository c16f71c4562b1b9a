import { expect, test } from "vitest";
import { Normal } from "../distributions/index.ts";
import { Variable } from "../graph/tensor.ts";
import { BatchNorm, Linear, MLP, parameters, variables } from "./index.ts";

const scalar = (): Variable => new Variable([], { kind: "constant", value: 0 });

test("a variable's name is its field path, in field order", () => {
  const model = { encoder: new MLP([3, 4, 2]), head: new Linear(2, 1, { bias: false }), beta: 1, name: "vae" };
  expect([...variables(model)].map(([name, v]) => `${name} [${v.shape}]`)).toEqual([
    "encoder.layers.0.weight [4,3]",
    "encoder.layers.0.bias [4]",
    "encoder.layers.1.weight [2,4]",
    "encoder.layers.1.bias [2]",
    "head.weight [1,2]",
  ]);
});

test("a variable that is reached twice keeps its first path, and cycles end", () => {
  const shared = scalar();
  const model: { a: Variable; b: readonly Variable[]; self?: object } = { a: shared, b: [shared, scalar()] };
  model.self = model;
  expect([...variables(model).keys()]).toEqual(["a", "b.1"]);
});

test("parameters leave out what no optimizer may change", () => {
  const model = { norm: new BatchNorm(2) };
  expect([...variables(model).keys()]).toEqual(["norm.gain", "norm.bias", "norm.runningMean", "norm.runningVariance"]);
  expect([...parameters(model).keys()]).toEqual(["norm.gain", "norm.bias"]);
});

test("a learned prior's variables are found, the tensors derived from them are not", () => {
  const prior = new Normal(scalar(), { logVar: scalar() });
  expect([...variables({ prior }).keys()]).toEqual(["prior.mean", "prior.logVar"]);
});

test("two variables under one path are refused", () => {
  expect(() => variables({ "a.b": scalar(), a: { b: scalar() } })).toThrow("two variables share the path a.b");
});
