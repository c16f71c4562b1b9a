import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../../test/noise-values.ts";
import { initialValues, sines } from "../../../../test/variable-values.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { grad } from "../../../graph/grad.ts";
import { constant, Input, type Tensor, type Variable } from "../../../graph/tensor.ts";
import { type Value, value } from "../../../graph/value.ts";
import { evaluation, TrainingContext } from "../../../nn/context.ts";
import { sum } from "../../../ops/reduction.ts";
import { Codebook, type CodebookOptions } from "./codebook.ts";
import { FiniteScalarQuantizer } from "./finite-scalar.ts";
import { GumbelSoftmax } from "./gumbel-softmax.ts";
import { passGradient } from "./passed-gradient.ts";
import type { Quantizer } from "./quantizer.ts";
import { ResidualQuantizer } from "./residual.ts";
import { perplexityOf } from "./running-counts.ts";
import { quantizerConfig, quantizerFor } from "./settings.ts";
import { SimVQ } from "./sim-vq.ts";
import { z as zod } from "zod";

type Leaves = Map<Tensor, Value>;
const rows = (t: Value): number[][] => {
  const width = t.shape.at(-1)!;
  return Array.from({ length: t.data.length / width }, (_, i) => [...t.data.subarray(i * width, (i + 1) * width)]);
};
const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, v, i) => total + (v - b[i]!) ** 2, 0);
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/** Vectors about so many centers, [n, dim]. */
function clustered(n: number, dim: number, centers: number): Value {
  const spread = sines({ shape: [n, dim], size: n * dim }, 0.4).data;
  const at = (row: number, i: number): number => 3 * Math.sin(5 * (row % centers) + 2 * i);
  return value(
    "float32",
    [n, dim],
    spread.map((s, k) => at(Math.floor(k / dim), k % dim) + 0.2 * s),
  );
}

/** What a quantizer makes of vectors with these variables in training, and the variables after the step. */
function trained(quantizer: Quantizer, z: Value, leaves: Leaves, seed = 0) {
  const input = new Input("z", z.shape);
  const context = new TrainingContext();
  const { vectors, symbols, loss } = quantizer.quantize(input, context, constant(1000));
  const updated = [...context.updates];
  const roots = [vectors, symbols, ...(loss ? [loss] : []), ...updated.map(([, next]) => next)];
  const all = new Map([...leaves, [input as Tensor, z] as const, ...noiseValues(roots, seed)]);
  const found = evaluate(roots, all);
  const next: Leaves = new Map(leaves);
  updated.forEach(([variable], i) => next.set(variable, found[found.length - updated.length + i]!));
  return { input, context, vectors: rows(found[0]!), symbols: rows(found[1]!), next, all };
}

/** The same outside of training. */
function evaluated(quantizer: Quantizer, z: Value, leaves: Leaves) {
  const input = new Input("z", z.shape);
  const { vectors, symbols } = quantizer.quantize(input, evaluation);
  const again = quantizer.vectorsOf(symbols);
  const found = evaluate([vectors, symbols, again], new Map([...leaves, [input, z]]));
  return { vectors: rows(found[0]!), symbols: rows(found[1]!), again: rows(found[2]!) };
}

/** The variables after so many steps on the same vectors. */
function after(steps: number, quantizer: Quantizer, z: Value, from: Leaves): Leaves {
  let leaves = from;
  for (let step = 0; step < steps; step++) leaves = trained(quantizer, z, leaves, step).next;
  return leaves;
}

const usual: CodebookOptions = {
  size: 6,
  dim: 3,
  gradient: "straight-through",
  learned: "ema",
  decay: 0.9,
  commitment: 0.25,
  start: "normal",
  revive: 0,
};
const numbersOf = (leaves: Leaves, variable: Variable): number[] => [...leaves.get(variable)!.data];

const settings = zod.strictObject(quantizerConfig);
const small = { codebookSize: 6, codeDim: 3, scalarLevels: [4, 3, 5] };
describe.each(["vq", "residual", "fsq", "simvq", "gumbel"] as const)("%s", (name) => {
  const quantizer = quantizerFor(settings.parse({ ...small, quantizer: name }));
  const z = clustered(40, 3, 5);
  const leaves = after(3, quantizer, z, initialValues(quantizer));

  test("gives symbols in its range, and vectors that are those of its symbols", () => {
    const { vectors, symbols, again } = evaluated(quantizer, z, leaves);
    expect(symbols.every((row) => row.length === quantizer.depth)).toBe(true);
    expect(symbols.flat().every((s) => Number.isInteger(s) && s >= 0 && s < quantizer.size)).toBe(true);
    expect(new Set(symbols.map((row) => row.join())).size).toBeGreaterThan(1);
    // Without the sign of 0.
    expect(vectors.flat().map((v) => v + 0)).toEqual(again.flat().map((v) => v + 0));
  });

  test("passes a gradient to what it quantizes", () => {
    const input = new Input("z", z.shape);
    const { vectors } = quantizer.quantize(input, new TrainingContext(), constant(1));
    const [gradient] = grad(sum(vectors.mul(constant(sines(input, 1).data, input.shape))), [input]);
    const all = new Map([...leaves, [input as Tensor, z] as const, ...noiseValues([gradient!], 0)]);
    const [found] = evaluate([gradient!], all) as [Value];
    expect(total(found.data.map(Math.abs))).toBeGreaterThan(0);
    expect(found.data.every(Number.isFinite)).toBe(true);
  });
});

describe("gradients past the quantizer", () => {
  const [e, z] = [new Input("e", [4, 3]), new Input("z", [4, 3])];
  const w = constant(sines(z, 2).data, z.shape);
  const at = new Map<Tensor, Value>([
    [e, sines(e, 0.7)],
    [
      z,
      value(
        "float32",
        z.shape,
        sines(z, 0.1).data.map((v) => 2 * v + 0.3),
      ),
    ],
  ]);
  const computed = (how: "straight-through" | "rotation") => {
    const passed = passGradient(how, e, z);
    return evaluate([passed, ...grad(sum(passed.mul(w)), [z])], at).map(rows);
  };
  const values = rows(at.get(e)!);
  const vectors = rows(at.get(z)!);
  const weights = rows(sines(z, 2));
  const dot = (a: readonly number[], b: readonly number[]): number => total(a.map((v, i) => v * b[i]!));
  const norm = (a: readonly number[]): number => Math.sqrt(dot(a, a));

  test("straight-through: the entry's values, and its gradient as it is", () => {
    const [passed, gradient] = computed("straight-through");
    passed!.flat().forEach((v, i) => expect(v).toBeCloseTo(values.flat()[i]!, 12));
    expect(gradient).toEqual(weights);
  });

  test("rotation: the entry's values, and its gradient turned from entry to vector and scaled by |e| / |z|", () => {
    const [passed, gradient] = computed("rotation");
    passed!.flat().forEach((v, i) => expect(v).toBeCloseTo(values.flat()[i]!, 10));
    gradient!.forEach((g, i) => {
      const [from, to, ct] = [values[i]!, vectors[i]!, weights[i]!];
      const scale = norm(from) / norm(to);
      expect(norm(g)).toBeCloseTo(scale * norm(ct), 10);
      // The angle to the vector is the one to the entry, and what is orthogonal to both is not turned.
      expect(dot(g, to) / norm(to)).toBeCloseTo((scale * dot(ct, from)) / norm(from), 10);
      const across = [
        from[1]! * to[2]! - from[2]! * to[1]!,
        from[2]! * to[0]! - from[0]! * to[2]!,
        from[0]! * to[1]! - from[1]! * to[0]!,
      ];
      expect(dot(g, across)).toBeCloseTo(scale * dot(ct, across), 10);
    });
  });

  test("rotation: a vector opposite to its entry has a finite gradient", () => {
    const opposite = new Map<Tensor, Value>([
      ...at,
      [
        z,
        value(
          "float32",
          z.shape,
          at.get(e)!.data.map((v) => -v),
        ),
      ],
    ]);
    const [gradient] = evaluate(grad(sum(passGradient("rotation", e, z).mul(w)), [z]), opposite) as [Value];
    expect(gradient.data.every(Number.isFinite)).toBe(true);
  });
});

describe("a codebook", () => {
  test("by moving averages: e_j = m_j / N_j of the averages of counts and sums", () => {
    const codebook = new Codebook(usual);
    let leaves = initialValues(codebook);
    const entries = rows(leaves.get(codebook.origin)!);
    const counts = entries.map(() => 1 / 6);
    const sums = entries.map((e) => e.map((v) => v / 6));
    for (const phase of [0, 1, 2]) {
      const z = value("float32", [20, 3], sines({ shape: [20, 3], size: 60 }, phase).data);
      const found = trained(codebook, z, leaves);
      ({ next: leaves } = found);
      counts.forEach((n, j) => {
        const own = rows(z).filter((_, i) => found.symbols[i]![0] === j);
        counts[j] = 0.9 * n + (0.1 * own.length) / 20;
        sums[j] = sums[j]!.map((m, d) => 0.9 * m + (0.1 * total(own.map((row) => row[d]!))) / 20);
      });
    }
    expect(counts.some((n) => n < 0.9 ** 3 / 6 + 1e-9)).toBe(true);
    rows(leaves.get(codebook.origin)!).forEach((e, j) =>
      e.forEach((v, d) => expect(v).toBeCloseTo(sums[j]![d]! / counts[j]!, 6)),
    );
    numbersOf(leaves, codebook.counts.frequencies).forEach((n, j) => expect(n).toBeCloseTo(counts[j]!, 7));
  });

  test("an entry without vectors stays where it is, though nothing is left of its count", () => {
    const codebook = new Codebook({ ...usual, size: 2 });
    const leaves = initialValues(codebook);
    leaves.set(codebook.origin, value("float32", [2, 3], [0, 0, 0, 50, 50, 50]));
    leaves.set(codebook.counts.frequencies, value("float32", [2], [1, 0]));
    const late = after(3, codebook, clustered(10, 3, 2), leaves);
    expect(numbersOf(late, codebook.origin).slice(3)).toEqual([50, 50, 50]);
    expect(numbersOf(late, codebook.origin).every(Number.isFinite)).toBe(true);
  });

  test("started by k-means quantizes its first batch to vectors of it, and then moves to the means of clusters", () => {
    const codebook = new Codebook({ ...usual, size: 40, start: "k-means", revive: 0.01 });
    const z = clustered(60, 3, 5);
    const { vectors, next } = trained(codebook, z, initialValues(codebook));
    // Values come back with the rounding of z + (e - z).
    vectors.forEach((v) => expect(Math.min(...rows(z).map((row) => distance(v, row)))).toBeLessThan(1e-20));
    const error = (leaves: Leaves): number => {
      const found = evaluated(codebook, z, leaves).vectors;
      return total(rows(z).map((row, i) => distance(row, found[i]!)));
    };
    expect(error(after(30, codebook, z, next))).toBeLessThan(error(next));
  });

  test.each(["ema", "gradient"] as const)("%s: a dead entry moves to a vector of the batch and is used", (learned) => {
    const codebook = new Codebook({ ...usual, size: 4, learned, decay: 0.8, revive: 0.1 });
    const leaves = initialValues(codebook);
    leaves.set(codebook.origin, value("float32", [4, 3], [0, 0, 0, 2, 0, 0, 80, 80, 80, -90, 90, 90]));
    if (codebook.moved) leaves.set(codebook.moved, value("float32", [4, 3], Array<number>(12).fill(0.5)));
    const z = clustered(60, 3, 6);
    const used = (at: Leaves): number => new Set(evaluated(codebook, z, at).symbols.flat()).size;
    expect(used(leaves)).toBe(2);
    const revived = after(40, codebook, z, leaves);
    expect(used(revived)).toBe(4);
    const [entries] = evaluate([codebook.entries], revived) as [Value];
    expect(Math.max(...entries.data)).toBeLessThan(10);
  });

  test("by gradient: the commitment moves vectors by beta, the codebook loss entries alone", () => {
    const codebook = new Codebook({ ...usual, learned: "gradient" });
    const z = clustered(8, 3, 4);
    const input = new Input("z", z.shape);
    const { loss } = codebook.quantize(input, new TrainingContext());
    const leaves: Leaves = new Map([...initialValues(codebook), [input, z], ...noiseValues([loss!], 0)]);
    const { symbols, vectors } = evaluated(codebook, z, initialValues(codebook));
    const [ofZ, ofEntries] = evaluate(grad(sum(loss!), [input, codebook.moved!]), leaves).map(rows);
    rows(z).forEach((row, i) =>
      row.forEach((v, d) => expect(ofZ![i]![d]).toBeCloseTo(2 * 0.25 * (v - vectors[i]![d]!), 10)),
    );
    ofEntries!.forEach((g, j) => {
      const own = rows(z).filter((_, i) => symbols[i]![0] === j);
      const entry = rows(leaves.get(codebook.origin)!)[j]!;
      g.forEach((v, d) => expect(v).toBeCloseTo(total(own.map((row) => 2 * (entry[d]! - row[d]!))), 9));
    });
  });
});

test("residual: each codebook lowers the error that those before it leave", () => {
  const quantizer = new ResidualQuantizer({ ...usual, size: 5, start: "k-means", revive: 0.01 }, 3);
  const z = clustered(80, 3, 7);
  const leaves = after(25, quantizer, z, initialValues(quantizer));
  const { symbols } = evaluated(quantizer, z, leaves);
  const books = quantizer.codebooks.map(({ origin }) => rows(leaves.get(origin)!));
  const errors = [0, 1, 2, 3].map((depth) =>
    total(
      rows(z).map((row, i) =>
        distance(
          row,
          row.map((_, d) => total(books.slice(0, depth).map((book, level) => book[symbols[i]![level]!]![d]!))),
        ),
      ),
    ),
  );
  expect(errors.toSorted((a, b) => b - a)).toEqual(errors);
  expect(errors[3]).toBeLessThan(errors[1]! / 2);
});

describe("finite scalar quantization", () => {
  const levels = [8, 5, 3];
  const fsq = new FiniteScalarQuantizer(levels);
  const every = Array.from({ length: 120 }, (_, symbol) => [
    symbol % 8,
    Math.floor(symbol / 8) % 5,
    Math.floor(symbol / 40),
  ]);
  const half = levels.map((l) => Math.floor(l / 2));

  test("numbers its grid from the first dimension on: every symbol has the vector of its levels", () => {
    expect(fsq.size).toBe(120);
    const symbols = constant(
      every.map((_, i) => i),
      [120, 1],
      "int64",
    );
    const [found] = evaluate([fsq.vectorsOf(symbols)], new Map()) as [Value];
    expect(rows(found)).toEqual(every.map((of) => of.map((level, i) => (level - half[i]!) / half[i]!)));
  });

  test("rounds f(z) to the level next to it: all symbols come back", () => {
    // f^-1 of values a little nearer 0 than each level.
    const inverse = (level: number, count: number): number => {
      const h = ((count - 1) * 0.999) / 2;
      const o = count % 2 === 0 ? 0.5 : 0;
      return Math.atanh((level * 0.9 + o) / h) - Math.atanh(o / h);
    };
    const z = every.flatMap((of) => of.map((level, i) => inverse(level - half[i]!, levels[i]!)));
    const found = evaluated(fsq, value("float32", [120, 3], z), new Map());
    expect(found.symbols.flat()).toEqual(every.map((_, i) => i));
    const zero = evaluated(fsq, value("float32", [1, 3], [0, 0, 0]), new Map());
    expect(zero.vectors).toEqual([[0, 0, 0]]);
  });

  test("its gradient is that of f in the decoder's units", () => {
    const z = sines({ shape: [5, 3], size: 15 }, 0.2);
    const input = new Input("z", z.shape);
    const [gradient] = evaluate(
      grad(sum(fsq.quantize(input, new TrainingContext()).vectors), [input]),
      new Map([[input, z]]),
    ) as [Value];
    gradient.data.forEach((g, k) => {
      const count = levels[k % 3]!;
      const [h, o] = [((count - 1) * 0.999) / 2, count % 2 === 0 ? 0.5 : 0];
      const f = (v: number): number => h * Math.tanh(v + Math.atanh(o / h)) - o;
      const v = z.data[k]!;
      expect(g).toBeCloseTo((f(v + 1e-5) - f(v - 1e-5)) / 2e-5 / half[k % 3]!, 4);
    });
  });

  test("refuses a grid of more symbols than there can be", () => {
    const config = settings.parse({ quantizer: "fsq", scalarLevels: [256, 256, 3] });
    expect(() => quantizerFor(config)).toThrow(
      "scalarLevels: too many symbols, got 256 x 256 x 3 = 196608, expected a product of at most 65536",
    );
  });
});

test("SimVQ: the gradient of one entry in use moves every entry", () => {
  const quantizer = new SimVQ({ size: 6, dim: 3, commitment: 0.25, gradient: "straight-through" });
  const leaves = initialValues(quantizer);
  const z = value("float32", [1, 3], [0.3, -0.2, 0.9]);
  const input = new Input("z", z.shape);
  const { loss } = quantizer.quantize(input, new TrainingContext());
  const [step] = grad(sum(loss!), [quantizer.map]);
  const moved = quantizer.fixed.matmul(step!);
  const [found] = evaluate([moved], new Map([...leaves, [input, z]])) as [Value];
  expect(rows(found).every((row) => distance(row, [0, 0, 0]) > 1e-8)).toBe(true);
});

describe("Gumbel-softmax", () => {
  const quantizer = new GumbelSoftmax({ size: 4, dim: 2, rateWeight: 1, temperature: 0.5, annealing: 100 });
  const leaves = initialValues(quantizer);
  const n = 20_000;
  const same = value(
    "float32",
    [n, 2],
    Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? 1.2 : -0.7)),
  );
  const weight = rows(leaves.get(quantizer.logits.weight)!);
  const one = new Input("z", [1, 2]);
  const [logitsOf] = evaluate(
    [quantizer.logits.apply(one)],
    new Map([...leaves, [one as Tensor, value("float32", [1, 2], [1.2, -0.7])]]),
  ) as [Value];
  const logits = [...logitsOf.data];
  const partition = total(logits.map(Math.exp));
  const q = logits.map((l) => Math.exp(l) / partition);

  test("samples symbols of q(k|z) in training, and takes the likeliest outside of it", () => {
    expect(weight.length).toBeGreaterThan(0);
    const { symbols } = trained(quantizer, same, leaves);
    q.forEach((p, k) => {
      const frequency = symbols.filter(([s]) => s === k).length / n;
      expect(Math.abs(frequency - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
    });
    const first = value("float32", [1, 2], same.data.subarray(0, 2));
    expect(evaluated(quantizer, first, leaves).symbols).toEqual([[q.indexOf(Math.max(...q))]]);
  });

  test("its loss is KL(q || uniform)", () => {
    const { loss } = quantizer.quantize(one, evaluation);
    const [found] = evaluate([loss!], new Map([...leaves, [one as Tensor, value("float32", [1, 2], [1.2, -0.7])]])) as [
      Value,
    ];
    expect(found.data[0]).toBeCloseTo(total(q.map((p) => p * Math.log(4 * p))), 10);
  });
});

test("the perplexity of frequencies is their number where they are alike, and 1 where there is one", () => {
  const of = (frequencies: number[]): number =>
    evaluate([perplexityOf(constant(frequencies, [frequencies.length]))], new Map())[0]!.data[0]!;
  expect(of([0.1, 0.1, 0.1])).toBeCloseTo(3, 6);
  expect(of([0, 0.7, 0])).toBeCloseTo(1, 6);
  expect(of([2, 2, 0, 0])).toBeCloseTo(2, 6);
});
