import { expect, test } from "vitest";
import { ConfigError, DivergedError } from "./errors.ts";
import { vae } from "./models/vaes/vae.ts";

test("an error says where it points, what was got and what was expected", () => {
  const error = new ConfigError("--epochs: not a value it takes, got 0, expected an integer from 1 to 1000000");
  expect(error).toMatchObject({ where: "--epochs", got: "0", expected: "an integer from 1 to 1000000" });
  expect(new ConfigError("x.json: a: b, got c, d, expected e, or f")).toMatchObject({
    where: "x.json",
    got: "c, d",
    expected: "e, or f",
  });
});

test("a message is one line, whatever was brought into it", () => {
  const { message, where } = new ConfigError("a\n  b.csv: wrong, got \u001b]0;x\u0007 \u009b \ud800, expected text");
  expect(message).toBe("a b.csv: wrong, got \\u{1b}]0;x\\u{7} \\u{9b} \\u{d800}, expected text");
  expect(where).toBe("a b.csv");
});

test("parts that a message lacks are absent", () => {
  const error = new ConfigError("nothing more to say");
  expect(error.where).toBe("");
  expect("got" in error || "expected" in error).toBe(false);
  expect(new DivergedError(3, "loss", Number.NaN, "train: loss is not finite, got NaN, expected a number").got).toBe(
    "NaN",
  );
});

test("a form can point at the setting of a model", () => {
  expect(() => vae({ latentDim: 0 })).toThrow(
    expect.objectContaining({ where: "vae", got: "0", expected: "an integer from 1 to 4096" }) as Error,
  );
});
