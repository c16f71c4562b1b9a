import { describe, expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import type { TensorSpec } from "../serialization/safetensors.ts";
import { checkTensors, parseStateFile, stateFileText, type TensorSpecs, type TrainingState } from "./checkpoint.ts";

const state: TrainingState = {
  latentkit: "0.1.0",
  step: 1200,
  epoch: 3,
  seed: 2 ** 53 - 1,
  cursor: { epoch: 3, batch: 7, order: [1, 2], nested: { a: null, b: true } },
  ema: ["encoder.weight"],
  best: { step: 1000, metric: "negElbo", value: 102.25 },
};
const sha256 = { weights: "0a".repeat(32), optimizer: "ff".repeat(32) };
const text = stateFileText({ state, sha256 });
const altered = (changes: Record<string, unknown>): string =>
  JSON.stringify({ ...(JSON.parse(text) as object), ...changes });

describe("state.json", () => {
  test("gives the state back", () => {
    expect(parseStateFile(text, "state.json")).toEqual({ state, sha256 });
  });

  test.each<[string, string, string]>([
    ["torn text", text.slice(0, 40), 'not valid JSON, got "'],
    ["an array", "[]", "not valid, got an array of 0, expected a JSON object"],
    [
      "a newer format",
      altered({ formatVersion: 3, latentkit: "0.9.1", other: 1 }),
      "written by Latentkit 0.9.1, got format 3, expected at most 2; install that Latentkit or a newer one",
    ],
    ["a newer format of unknown origin", '{"formatVersion":7}', "written by a newer Latentkit, got format 7"],
    [
      "format 0",
      altered({ formatVersion: 0 }),
      "of an earlier format that is no longer read, got format 0, expected 2",
    ],
    [
      "the format before",
      altered({ formatVersion: 1, ema: false }),
      "of an earlier format that is no longer read, got format 1, expected 2; train it again",
    ],
    ["an ema that is no list", altered({ ema: true }), '"ema": got true, expected array'],
    ["a missing field", altered({ step: undefined }), '"step": got nothing, expected number'],
    ["a negative step", altered({ step: -1 }), '"step": got -1, expected number to be >=0'],
    ["a fractional step", altered({ step: 1.5 }), '"step": got 1.5, expected int'],
    [
      "a step beyond 2^53",
      altered({ step: 2 ** 60 }),
      '"step": got 1152921504606847000, expected int to be <=9007199254740991',
    ],
    ["an unknown field", altered({ code: "x" }), 'unknown key "code"'],
    [
      "a nested mistake",
      altered({ best: { step: 1, metric: "x", value: "y" } }),
      '"best.value": got "y", expected number',
    ],
    ["a cursor that is no object", altered({ cursor: [1] }), '"cursor": got an array of 1, expected an object'],
    [
      "a short digest",
      altered({ sha256: { ...sha256, weights: "00" } }),
      '"sha256.weights": got "00", expected 64 hexadecimal digits',
    ],
    [
      "the key __proto__",
      altered({}).replace('"nested":{', '"nested":{"__proto__":{},'),
      'the key "__proto__" is not allowed',
    ],
    [
      "deep nesting",
      `{"cursor":${"[".repeat(300_000)}${"]".repeat(300_000)}}`,
      "nested too deep, expected at most 64 levels",
    ],
    [
      "a newline in a version",
      altered({ formatVersion: 3, latentkit: "1\n\u001b[2J" }),
      "written by Latentkit 1\\u{a}\\u{1b}[2J, got",
    ],
  ])("%s is one line", (_, file, message) => {
    expect(() => parseStateFile(file, "state.json")).toThrow(CheckpointError);
    expect(() => parseStateFile(file, "state.json")).toThrow(`state.json: ${message}`);
    expect(() => parseStateFile(file, "state.json")).toThrow(/^\P{Cc}*$/u);
  });

  test("a state that could not be read back is not written", () => {
    expect(() =>
      stateFileText({ state: { ...state, best: { step: 1, metric: "negElbo", value: Number.NaN } }, sha256 }),
    ).toThrow('"best.value"');
  });
});

describe("weights against a model", () => {
  const expected: TensorSpecs = new Map([
    ["encoder.weight", { dtype: "F32", shape: [784, 400] }],
    ["encoder.bias", { dtype: "F32", shape: [400] }],
  ]);
  const found = (changes: Record<string, TensorSpec>): TensorSpecs =>
    new Map([...expected, ...Object.entries(changes)]);

  test("that fit pass", () => {
    expect(() => checkTensors(new Map([...expected].toReversed()), expected, "weights")).not.toThrow();
  });

  test.each<[string, TensorSpecs, string]>([
    ["missing", new Map([...expected].slice(0, 1)), 'tensor "encoder.bias" is missing, expected F32 [400]'],
    [
      "unexpected",
      found({ extra: { dtype: "I64", shape: [] } }),
      'tensor "extra" is not part of the model, got I64 [], expected 2 other tensors',
    ],
    [
      "of another shape",
      found({ "encoder.weight": { dtype: "F32", shape: [400, 784] } }),
      'tensor "encoder.weight" does not fit the model, got F32 [400, 784], expected F32 [784, 400]',
    ],
    [
      "of another dtype",
      found({ "encoder.bias": { dtype: "F64", shape: [400] } }),
      'tensor "encoder.bias" does not fit the model, got F64 [400], expected F32 [400]',
    ],
  ])("that are %s are named", (_, tensors, message) => {
    expect(() => checkTensors(tensors, expected, "weights")).toThrow(CheckpointError);
    expect(() => checkTensors(tensors, expected, "weights")).toThrow(`weights: ${message}`);
  });
});
