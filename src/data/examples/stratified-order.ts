/**
 * A random order of examples changed so that every part of it has the classes in nearly the same proportions: the r-th of n examples of a class
 * stands where the fraction (r + 1/2) / n of the order is.
 */
export function stratifiedOrder(order: Uint32Array, classOf: (at: number) => number): Uint32Array {
  const sizes = new Map<number, number>();
  const ranks = new Float64Array(order.length);
  order.forEach((at, place) => {
    const seen = sizes.get(classOf(at)) ?? 0;
    ranks[place] = seen;
    sizes.set(classOf(at), seen + 1);
  });
  const stands = ranks.map((rank, place) => (rank + 0.5) / sizes.get(classOf(order[place]!))!);
  return Uint32Array.from(order.keys())
    .toSorted((a, b) => stands[a]! - stands[b]! || a - b)
    .map((place) => order[place]!);
}
