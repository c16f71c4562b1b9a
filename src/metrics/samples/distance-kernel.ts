import { brIf, type Code, f64x2, i32, loop, v128 } from "../../wasm/instructions.ts";
import { compileModule, defineFunction, type Local } from "../../wasm/module.ts";

type Vector = Code<"v128">;

/** Rows of a tile on each side: sized for the 16 vector registers of common CPUs. */
export const TILE = 4;

/**
 * Sums over dimensions, in float64, of `term(a_i, b_j)` for four rows a and all rows b of a block. Rows are packed in fours with the four
 * values of a dimension adjacent: [rows / 4, dim, 4]. `out` is [4, columns], `stride` the bytes of one of its rows, `end` the address past
 * the end of its first row. `term` may set its third argument first.
 */
const tileSums = (term: (row: Vector, column: Vector, scratch: Local<"v128">) => readonly [Code<"none">[], Vector]) =>
  defineFunction(
    { a: "i32", b: "i32", out: "i32", end: "i32", stride: "i32", rowBytes: "i32" },
    (parameters, local) => {
      const { a, b, out, end, stride, rowBytes } = parameters;
      const sums = Array.from({ length: TILE * (TILE / 2) }, () => local("v128"));
      const columns = [local("v128"), local("v128")];
      const [row, scratch] = [local("v128"), local("v128")];
      const [at, last, to] = [local("i32"), local("i32"), local("i32")];
      const zero = v128.const(Array.from({ length: 16 }, () => 0));
      const size = i32.const(8 * TILE);
      return [
        loop([
          ...sums.map((sum) => sum.set(zero)),
          at.set(a),
          last.set(i32.add(a, rowBytes)),
          loop([
            ...columns.map((column, half) => column.set(v128.load(b, 16 * half))),
            ...Array.from({ length: TILE }, (_, i) => [
              row.set(v128.load64Splat(at, 8 * i)),
              ...columns.flatMap((column, half) => {
                const sum = sums[2 * i + half]!;
                const [before, value] = term(row, column, scratch);
                return before.concat(sum.set(f64x2.add(sum, value)));
              }),
            ]).flat(),
            b.set(i32.add(b, size)),
            brIf(0, i32.ltU(at.tee(i32.add(at, size)), last)),
          ]),
          to.set(out),
          ...Array.from({ length: TILE }, (_, i) => [
            v128.store(to, sums[2 * i]!, 0),
            v128.store(to, sums[2 * i + 1]!, 16),
            to.set(i32.add(to, stride)),
          ]).flat(),
          out.set(i32.add(out, size)),
          brIf(0, i32.ltU(out, end)),
        ]),
      ];
    },
  );

const kernels = {
  /** |a_i - b_j|^2 as a sum of squared differences, exactly 0 for equal rows. */
  distances: tileSums((row, column, difference) => [
    [difference.set(f64x2.sub(row, column))],
    f64x2.mul(difference, difference),
  ]),
  /** a_i . b_j */
  products: tileSums((row, column) => [[], f64x2.mul(row, column)]),
};

let bind: ReturnType<typeof compileModule<keyof typeof kernels>> | undefined;

/** The kernels bound to a memory. */
export function tileKernels(memory: WebAssembly.Memory) {
  bind ??= compileModule(kernels);
  return bind(memory);
}
