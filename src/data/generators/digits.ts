import { ConfigError } from "../../errors.ts";
import { streamKey } from "../../random/index.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import { GLYPHS } from "./digit-strokes.ts";
import { DigitWriter, SIDE } from "./digit-writer.ts";
import { createDataSource, heldOutCount, whole, type DataSource } from "../split.ts";

export interface DigitsOptions {
  /** Number of digits, up to a million. */
  readonly size: number;
  readonly seed?: number;
  /** Split; splits of one seed are independent. */
  readonly part?: "train" | "validation" | "test";
}

const MOST = 1_000_000;

/**
 * Generated handwritten-looking digits, 28 x 28 bytes, with labels. Digit i depends on (seed, part, i) only, so a larger dataset extends a
 * smaller one.
 *
 * @example
 * const { values, labels } = await digits({ size: 10 }); // [10, 1, 28, 28] from 0 to 255, and [10]
 */
export async function digits({ size, seed = 0, part = "train" }: DigitsOptions): Promise<Dataset<Uint8Array>> {
  checkSize("size", size);
  const writer = new DigitWriter(streamKey(seed, "digits", part));
  const values = new Uint8Array(size * SIDE * SIDE);
  const labels = new Uint8Array(size);
  for (let i = 0; i < size; i++) labels[i] = writer.draw(i, values.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
  return createDataset({
    name: "digits",
    description: `${size} generated hand-drawn digits of ${SIDE} x ${SIDE} pixels (${part}, seed ${seed})`,
    shape: [1, SIDE, SIDE],
    size,
    values,
    range: [0, 255],
    labels,
    classNames: GLYPHS.map((_, label) => String(label)),
  });
}

export interface DigitsSourceOptions {
  /** Training digits; 20,000 by default. */
  readonly size?: number;
  /** Validation digits, in addition to `size`: a count from 1 or a fraction of `size`; a tenth by default. There are as many test digits. */
  readonly validation?: number;
  readonly seed?: number;
}

/**
 * Independently generated training, validation and test digits.
 *
 * @example
 * const { train, test } = await digitsSource({ size: 500 });
 * train.dataset.shape; // [1, 28, 28]
 * test.indices.length; // 50
 */
export async function digitsSource({
  size = 20_000,
  validation = 0.1,
  seed = 0,
}: DigitsSourceOptions = {}): Promise<DataSource> {
  checkSize("size", size);
  const heldOut = heldOutCount("validation", validation, size);
  checkSize("validation", heldOut);
  const train = await digits({ size, seed, part: "train" });
  return createDataSource({
    name: "digits",
    description: `generated hand-drawn digits of ${SIDE} x ${SIDE} pixels: ${size} for training, ${heldOut} each for validation and test (seed ${seed})`,
    train: whole(train),
    validation: whole(await digits({ size: heldOut, seed, part: "validation" })),
    test: whole(await digits({ size: heldOut, seed, part: "test" })),
  });
}

function checkSize(which: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 1 || size > MOST)
    throw new ConfigError(`digits: ${which} out of range, got ${size}, expected an integer from 1 to ${MOST}`);
}
