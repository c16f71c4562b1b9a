import { sameShape, type TensorType, type Value } from "../../src/graph/index.ts";

/** Largest relative-and-absolute differences allowed: |got - expected| <= tolerance * (1 + |expected|). */
export const tolerance = {
  /** float32 has 24 bits, 6e-8; a case chains a few dozen roundings, and fast exp, erf and pow spend a few bits. */
  float32: 1e-5,
  /** Gradients chain more ops and divide by small numbers. */
  float32Gradient: 1e-4,
  /** float64 has 53 bits, 1e-16; devices may sum in another order. */
  float64: 1e-10,
  /** Central differences with the step below: truncation h^2 and cancellation 1e-16 / h balance near 1e-10. */
  differences: 1e-6,
} as const;
/** Where a device is known to be less exact: allowed differences by device and op. */
export const looser: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // WGSL's sin and cos promise 2^-11 within [-pi, pi], and a software GPU takes it literally.
  webgpu: { sin: 2 ** -11, cos: 2 ** -11 },
};
export const differenceStep = 1e-5;

/** What is wrong with a value, in words, or null when it has the type and, within the tolerance, the numbers expected. */
export function disagreement(
  label: string,
  got: Value,
  type: TensorType,
  expected: Value,
  allowed: number,
): string | null {
  if (got.dtype !== type.dtype || !sameShape(got.shape, type.shape))
    return `${label}: got ${got.dtype}[${got.shape}], inferred ${type.dtype}[${type.shape}]`;
  for (const [i, want] of expected.data.entries()) {
    const v = got.data[i]!;
    const close = Object.is(v, want) || v === want || Math.abs(v - want) <= allowed * (1 + Math.abs(want));
    if (!close) return `${label}[${i}]: got ${v}, expected ${want}`;
  }
  return null;
}
