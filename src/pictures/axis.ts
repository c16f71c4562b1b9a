/** About `count` round tick values from `low` to `high`, in steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count = 5): readonly number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((unit) => unit * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A tick label in few characters: 1200000 is 1.2M, 0.00025 is 2.5e-4. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return size !== 0 && size < 1e-3 ? value.toExponential().replace("e+", "e") : String(Number(value.toPrecision(6)));
}

/** Ticks of a logarithmic axis, low and high above 0: powers of ten, and 2 and 5 times each where that is not too many. */
export function logTicks(low: number, high: number): readonly number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const units = to - from > 4 ? [1] : [1, 2, 5];
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i))
    .flatMap((power) => units.map((unit) => Number((unit * power).toPrecision(12))))
    .filter((value) => value >= low && value <= high);
}
