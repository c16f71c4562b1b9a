import { ConfigError } from "../../errors.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import { createDataSource, heldOutCount, whole, type DataSource } from "../split.ts";
import { sampleToy, findToy } from "./toys.ts";

const MOST = 10_000_000;

export interface ToySourceOptions {
  readonly name: string;
  /** Training points; 20,000 by default. */
  readonly size?: number;
  /** Validation points, in addition to `size`: a count from 1 or a fraction of `size`; a tenth by default. There are as many test points. */
  readonly validation?: number;
  readonly seed?: number;
}

/** Training, validation and test points of a toy distribution; real numbers, labeled by component where there are several. */
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
    const { points, components } = sampleToy(name, { count, seed, part: which });
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
    description: `generated points, ${description}: ${size} for training, ${held} each for validation and test (seed ${seed})`,
    train: whole(await part("train", size)),
    validation: whole(await part("validation", held)),
    test: whole(await part("test", held)),
  });
}
