import { ConfigError } from "../../errors.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { gather } from "../../ops/indexing.ts";
import { concat, split } from "../../ops/movement.ts";

/** How a coupling divides the values of examples into those it keeps, which its network sees, and those it changes. */
export interface Division {
  divide(h: Tensor): { readonly kept: Tensor; readonly changed: Tensor };
  /** Examples of what was kept and what the others have become. */
  join(kept: Tensor, changed: Tensor): Tensor;
  /** Of what a network says of the values of `changed`: what counts, the rest 0. */
  counted(t: Tensor): Tensor;
}

/** Two parts along axis 1, of given sizes; `changed`: which of them is. */
export function halves(sizes: readonly [number, number], changed: "first" | "second"): Division {
  const second = changed === "second";
  return {
    divide(h) {
      const [a, b] = split(h, 1, sizes);
      return second ? { kept: a, changed: b } : { kept: b, changed: a };
    },
    join: (kept, moved) => concat(second ? [kept, moved] : [moved, kept], 1),
    counted: (t) => t,
  };
}

/** Some of the entries along axis 1 are kept, by their places among `size`, and the others changed. */
export function entries(size: number, kept: readonly number[]): Division {
  const changed = Array.from({ length: size }, (_, i) => i).filter((i) => !kept.includes(i));
  const order = [...kept, ...changed];
  const places = order.map((_, i) => order.indexOf(i));
  return {
    divide: (h) => ({ kept: taken(h, kept), changed: taken(h, changed) }),
    join: (a, moved) => taken(concat([a, moved], 1), places),
    counted: (t) => t,
  };
}

const taken = (h: Tensor, places: readonly number[]): Tensor =>
  gather(h, constant([...places], [places.length], "int64"), 1);

/** By a mask of one example's shape, or one that broadcasts to it: 1 for what is kept, 0 for what is changed. A network sees zeros for these. */
export function masked(mask: readonly number[], shape: readonly number[]): Division {
  if (mask.some((v) => v !== 0 && v !== 1))
    throw new ConfigError(
      `masked: a value is neither kept nor changed, got a mask of ${mask.find((v) => v !== 0 && v !== 1)}, expected zeros and ones`,
    );
  const keeps = constant([...mask], shape);
  const changes = constant(
    mask.map((v) => 1 - v),
    shape,
  );
  const counted = (t: Tensor): Tensor => t.mul(changes);
  return {
    divide: (h) => ({ kept: h.mul(keeps), changed: counted(h) }),
    join: (kept, moved) => kept.add(counted(moved)),
    counted,
  };
}

/** The mask of a checkerboard over an image [channels, height, width] (arXiv:1605.08803, figure 3): `kept`: the color that is kept, as the parity of row + column. */
export function checkerboard([, height, width]: readonly [number, number, number], kept: 0 | 1): Division {
  const mask = Array.from({ length: height * width }, (_, i) =>
    Number((Math.floor(i / width) + (i % width)) % 2 === kept),
  );
  return masked(mask, [1, height, width]);
}

/** The mask of every other value of a vector (arXiv:1410.8516, section 3.2), from the first if `kept` is 0. */
export const alternating = (size: number, kept: 0 | 1): Division =>
  masked(
    Array.from({ length: size }, (_, i) => Number(i % 2 === kept)),
    [size],
  );
