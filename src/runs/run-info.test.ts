import { expect, test } from "vitest";
import { runInfo } from "../../test/run-info.ts";
import { dataSpec } from "../data/spec.ts";
import { CheckpointError } from "../errors.ts";
import { parseRunInfo, runClassNames, runDataSpec, type RunInfo, runInfoText } from "./run-info.ts";

const withFields: RunInfo = {
  ...runInfo,
  data: {
    ...runInfo.data,
    size: 70_000,
    examples: 54_000,
    fields: [
      { name: "class", kind: "class", classes: Array.from({ length: 300 }, (_, k) => `class ${k}`) },
      { name: "light", kind: "numbers", shape: [2] },
    ],
  },
};
const altered = (changes: object): string =>
  JSON.stringify({ ...(JSON.parse(runInfoText(runInfo)) as object), ...changes });

test.each([
  ["images without labels", runInfo],
  ["300 classes and numbers", withFields],
])("is read back as it was written: %s", (_, info) => {
  expect(parseRunInfo(runInfoText(info), "run.json")).toEqual(info);
});

test("holds what the model was built for", () => {
  expect(runDataSpec(runInfo)).toEqual(dataSpec([1, 28, 28], { range: [0, 255] }));
  const { size, examples, fields } = withFields.data;
  expect(runDataSpec(withFields)).toEqual({ ...runDataSpec(runInfo), size, examples, fields });
  expect(runClassNames(runInfo)).toEqual([]);
  expect(runClassNames(withFields)[299]).toBe("class 299");
});

test.each([
  [
    "an earlier format",
    altered({ formatVersion: 1 }),
    "run.json: of an earlier format that is no longer read, got format 1, expected 2; train it again",
  ],
  [
    // What format 1 said of the data: its shape alone, beside class names.
    "an earlier format's data",
    altered({ formatVersion: 1, data: { source: "digits", shape: [1, 28, 28], classNames: ["0", "1"] } }),
    "run.json: of an earlier format that is no longer read, got format 1, expected 2; train it again",
  ],
  [
    "a newer format",
    altered({ formatVersion: 3, latentkit: "9.0.0" }),
    "run.json: written by Latentkit 9.0.0, got format 3, expected at most 2; install that Latentkit or a newer one",
  ],
])("%s is refused in one line", (_, text, message) => {
  expect(() => parseRunInfo(text, "run.json")).toThrow(new CheckpointError(message));
});
