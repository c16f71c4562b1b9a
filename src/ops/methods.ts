import { Tensor } from "../graph/tensor.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { matmul } from "./linalg.ts";
import { broadcastTo, reshape, transpose } from "./movement.ts";
import { mean, sum } from "./reduction.ts";

// The only methods of a tensor beyond its fields: infix arithmetic, so that model code reads left to right.
const methods = { add, sub, mul, div, neg, matmul, reshape, broadcastTo, transpose, sum, mean };
for (const [name, f] of Object.entries(methods) as [string, (x: Tensor, ...rest: never[]) => Tensor][])
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: never[]): Tensor {
      return f(this, ...rest);
    },
  });
