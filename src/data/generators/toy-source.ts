import { ConfigError } from "../../errors.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import { createDataSource, heldOutCount, whole, type DataSource } from "../split.ts";
import { drawToy, findToy } from "./toys.ts";

const MOST = 10_000_000;

export interface ToySourceOptions {
  readonly name: string;
  /** Points to train on; 20,000 unless given. */
  readonly size?: number;
  /** Points to validate on, on top of `size`: a count from 1 or a fraction of `size`; a tenth unless given. As many to test. */
  readonly validation?: number;
  readonly seed?: number;
}

/** Points of a toy to train, validate and test on: real numbers as they are, labelled by component where there are several. */
export async function toySource({
  name,
  size = 20_000,
  validation = 0.1,
  seed = 0,
}: ToySourceOptions): Promise<DataSource> {
  const { description, classes } = findToy(name);
  const held = heldOutCount("validation", validation, size);
  for (const count of [size, held])
    if (!Number.isSafeInteger(count) || count < 1 || count > MOST)
      throw new ConfigError(`toy: size out of range, got ${count}, expected an integer from 1 to ${MOST}`);
  const part = async (which: string, count: number): Promise<Dataset> => {
    const { points, components } = drawToy(name, { count, seed, part: which });
    return createDataset({
      name,
      description: `${count} points: ${description} (${which}, seed ${seed})`,
      shape: [2],
      size: count,
      values: points,
      range: null,
      ...(classes > 1 && { labels: components, classNames: Array.from({ length: classes }, (_, i) => String(i)) }),
    });
  };
  return createDataSource({
    name,
    description: `generated points, ${description}: ${size} to train on, ${held} each to validate and test (seed ${seed})`,
    train: whole(await part("train", size)),
    validation: whole(await part("validation", held)),
    test: whole(await part("test", held)),
  });
}
