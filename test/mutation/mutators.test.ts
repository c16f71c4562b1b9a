import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { interval, keyOf, mutated, sampled } from "./mutant.ts";
import { mutantsOf } from "./mutators.ts";

const text = `
import { mean, sum } from "./x.ts";
type Two = 2;
const top = 1 + 2;
export class Tensor { add(_: Tensor): Tensor { return this; } neg(): Tensor { return this; } }
export function f(a: number, b: string, t: Tensor, c = 3): unknown {
  if (a < 0) throw new RangeError(\`f: below \${a - 1}\`);
  const text = b + "x";
  console.log(text);
  const small = Math.max(a, -0.5) * 2;
  return a === 1 ? t.add(t.neg()) : [small, sum(t), !a, top];
}
`;

test("function bodies are changed a little at a time, but no strings, types or messages", () => {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-mutants-"));
  const file = join(folder, "f.ts");
  writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions": {"strict": true, "noLib": false}}');
  writeFileSync(file, text);
  const found = mutantsOf([file], folder);
  expect(found.map(({ line, before, after }) => `${line}: ${before} -> ${after}`)).toEqual([
    "7: a < 0 -> !(a < 0)",
    "7: < -> <=",
    "7: 0 -> 1",
    "9: console.log(text); -> ;",
    "10: * -> /",
    "10: max -> min",
    "10: -0.5 -> 0.5",
    "10: 0.5 -> 1.5",
    "10: 2 -> 3",
    "11: a === 1 -> !(a === 1)",
    "11: === -> !==",
    "11: 1 -> 2",
    "11: add -> sub",
    "11: t.neg() -> t",
    "11: sum -> mean",
    "11: !a -> a",
  ]);
  expect(mutated(text, found[1]!)).toBe(text.replace("a < 0", "a <= 0"));
  expect(new Set(found.map(keyOf)).size).toBe(found.length);
  rmSync(folder, { recursive: true });
});

const mutant = { file: "f.ts", line: 1, start: 0, end: 1, before: "0", after: "1", occurrence: 0 };

test("a sample is the same in another order, and its smaller one part of it", () => {
  const all = Array.from({ length: 50 }, (_, i) => ({ ...mutant, code: `x = ${i}` }));
  const found = sampled(all, 10, 1);
  expect(sampled(all.toReversed(), 10, 1)).toEqual(found);
  expect(sampled(all, 4, 1)).toEqual(found.slice(0, 4));
  expect(sampled(all, 10, 2)).not.toEqual(found);
});

// Wilson 1927, by his formula in Python.
test("the interval of a fraction is Wilson's", () => {
  const [low, high] = interval(9, 10);
  expect(low).toBeCloseTo(0.5958499732047615, 6);
  expect(high).toBeCloseTo(0.9821237869049271, 6);
});
