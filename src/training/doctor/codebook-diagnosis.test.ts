import { describe, expect, test } from "vitest";
import { diagnoseCodebooks } from "./codebook-diagnosis.ts";
import type { Measured } from "./diagnosis.ts";

const one = [{ suffix: "", name: "z", size: 100 }];
const validated = (metrics: Readonly<Record<string, number>>): Measured => ({ split: "validation", step: 9, metrics });
const used = (perplexity: number, usage: number): Measured =>
  validated({ codebookPerplexity: perplexity, codebookUsage: usage });
const names = (...args: Parameters<typeof diagnoseCodebooks>): readonly string[] =>
  diagnoseCodebooks(...args).map(({ finding }) => finding);
const errors = (values: readonly number[]): Measured[] =>
  values.map((quantizationError, step) => ({ split: "train", step, metrics: { quantizationError } }));

describe("codebooks", () => {
  test("in use are no finding", () => {
    expect(names([used(60, 0.9), ...errors([0.9, 0.8, 0.2, 0.1, 0.1, 0.1, 0.1])], one)).toEqual([]);
    expect(names([], one)).toEqual([]);
  });

  test("of which most does not occur have dead codes, by the last validation", () => {
    expect(names([used(30, 0.4), used(60, 0.9)], one)).toEqual([]);
    expect(diagnoseCodebooks([used(60, 0.9), used(12.34, 0.4)], one, { codebook: ["more revival"] })).toEqual([
      {
        finding: "dead-codes",
        evidence: "40 of 100 symbols occur in the codes of validation examples, with a perplexity of 12.34",
        remedy: "more revival; or a smaller codebook, or a lower --learning-rate",
      },
    ]);
  });

  test("of a few symbols have collapsed, however many occur", () => {
    expect(names([used(4, 0.9)], one)).toEqual(["index-collapse"]);
    expect(names([used(1.2, 1)], [{ suffix: "", name: "z", size: 4 }])).toEqual(["index-collapse"]);
    expect(names([used(2, 1)], [{ suffix: "", name: "z", size: 4 }])).toEqual([]);
  });

  test("far from what they stand for at the end of training are told of", () => {
    const [found] = diagnoseCodebooks(errors([0.1, 0.1, 0.7, 0.7, 0.7, 0.1]), one, { quantization: ["more"] });
    expect(found).toMatchObject({
      finding: "quantization-error",
      evidence: "entries of the codebook leave out 70 % of the variance of the encoder's outputs that they stand for",
      remedy: "more; or a larger codebook",
    });
    expect(names(errors([0.7, 0.7, 0.7, 0.1, 0.1, 0.1]), one)).toEqual([]);
  });

  test("of several latents are told apart", () => {
    const two = ["top", "bottom"].map((name) => ({ name, suffix: name === "top" ? "Top" : "Bottom", size: 100 }));
    const metrics = {
      codebookPerplexityTop: 3,
      codebookUsageTop: 0.1,
      codebookPerplexityBottom: 70,
      codebookUsageBottom: 1,
    };
    const found = diagnoseCodebooks([validated(metrics)], two);
    expect(found).toHaveLength(1);
    expect(found[0]!.evidence).toBe(
      "the perplexity of symbols of top is 3 of 100 over validation examples: nearly all codes are the same few",
    );
  });
});
