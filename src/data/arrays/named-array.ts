import type { TextArray } from "../formats/npy-text.ts";
import type { NumberArray } from "../formats/read-npy.ts";

/** An array and its name in error messages. */
export interface NamedArray extends NumberArray {
  readonly name: string;
}

/** The class of each example, as numbers from 0 or as text. */
export type NamedLabels = NamedArray | (TextArray & { readonly name: string });

export interface ArrayPart {
  readonly examples: NamedArray;
  readonly labels?: NamedLabels;
  /** What else is known of each example, by name: numbers, [n, ...]. */
  readonly fields?: Readonly<Record<string, NamedArray>>;
}
