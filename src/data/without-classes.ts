import { DataError } from "../errors.ts";
import { classNumber } from "./class-number.ts";
import { createDataSource, type DataSource, type Split } from "./split.ts";

/**
 * The source without the examples of some classes, in every split; class indices and names do not change. Throws DataError where examples have
 * no labels, or no training examples are left.
 */
export async function withoutClasses(source: DataSource, classes: ReadonlySet<number>): Promise<DataSource> {
  const { name, train } = source;
  if (!train.dataset.labels)
    throw new DataError(`${name}: no labels, got none, expected a labeled dataset to leave classes out of`);
  const kept = ({ dataset, indices }: Split): Split => ({
    dataset,
    indices: indices.filter((example) => !classes.has(dataset.labels?.[example] ?? -1)),
  });
  const names = Array.from(classes, (c) => train.dataset.classNames?.[c] ?? c).join(", ");
  const parts = { train: kept(train), validation: kept(source.validation), test: kept(source.test) };
  if (parts.train.indices.length === 0)
    throw new DataError(
      `${name}: nothing left to train on, got no example but of ${names}, expected other classes too`,
    );
  return createDataSource({ name, description: `${source.description}; without ${names}`, ...parts });
}

/** The same by names or numbers, as --without takes them. Throws ConfigError for one that is no class. */
export async function withoutNamedClasses(source: DataSource, names: readonly string[] = []): Promise<DataSource> {
  if (names.length === 0) return source;
  const { classNames } = source.train.dataset;
  return withoutClasses(source, new Set(names.map((name) => classNumber("--without", name, classNames))));
}
