/** `pairs:SOURCE,TARGET`: examples of one source, each with an example of another to start from. */
import { ConfigError, DataError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import type { Field } from "../dataset.ts";
import { fingerprint } from "../fingerprint.ts";
import { firstExamples } from "../first-examples.ts";
import { type DataSourceOptions, givenDataOptions } from "../options.ts";
import { createDataSource, type DataSource, type Split, type SplitName, whole } from "../split.ts";
import { joined } from "./every-example.ts";

/** The form of `--data` for them. */
export const pairsForm = {
  spec: "pairs:SOURCE,TARGET",
  description:
    "examples of TARGET, each with one of SOURCE at random as its field source: for diffusion with source=source",
};

/** The field that holds the example of the first source. */
export const PAIR_FIELD = "source";

export const isPairs = (spec: string): boolean => spec.startsWith("pairs:");

type Open = (spec: string, options?: DataSourceOptions) => Promise<DataSource>;

/**
 * Examples of the second source, with its labels, each with an example of the first at random as a field, split by split. Each split is as long as
 * the longer one of its two: of the other, examples come again, as often as each other but for one. The first is read as the second was, so that values
 * mean the same in both. Throws ConfigError for another form, DataError where the two differ in shape.
 */
export async function openPairs(spec: string, options: DataSourceOptions, open: Open): Promise<DataSource> {
  const [from, to, ...more] = spec.slice("pairs:".length).split(",");
  if (!from || !to || more.length > 0)
    throw new ConfigError(`data: not a pair of sources, got "${spec}", expected pairs:SOURCE,TARGET`);
  const targets = await open(to, options);
  const { shape, range, standardization, columns } = targets.train.dataset;
  if (columns)
    throw new DataError(`${to}: a table has no pairs, got columns, expected images, points or arrays on both sides`);
  const { seed = 0, like: _, ...rest } = options;
  const like = { shape, range, standardization, options: givenDataOptions(rest) };
  const sources = await open(from, { ...rest, seed, like });
  const other = sources.train.dataset;
  if (other.shape.join() !== shape.join())
    throw new DataError(
      `${spec}: examples differ in shape, got [${other.shape.join(", ")}] and [${shape.join(", ")}], expected the same`,
    );
  if ((other.range === null) !== (range === null))
    throw new DataError(
      `${spec}: values differ in kind, got ${other.range ? "intensities" : "real numbers"} and ${range ? "intensities" : "real numbers"}, expected the same`,
    );
  const part = (name: SplitName): Promise<Split> => paired(sources[name], targets[name], { name, seed, spec });
  return createDataSource({
    name: spec,
    description: `${targets.description}; each from one of: ${sources.description}`,
    train: await part("train"),
    validation: await part("validation"),
    test: await part("test"),
    notes: [...(sources.notes ?? []), ...(targets.notes ?? [])],
  });
}

async function paired(
  sources: Split,
  targets: Split,
  { name, seed, spec }: { readonly name: SplitName; readonly seed: number; readonly spec: string },
): Promise<Split> {
  const lengths = [sources, targets].map(({ indices }) => indices.length);
  const most = Math.max(...lengths);
  if (lengths.includes(0)) {
    if (name === "train") throw new DataError(`${spec}: a side is empty, got no training examples, expected some`);
    return { ...targets, indices: new Uint32Array() };
  }
  const order = stream(seed, "pairs", name).permutation(most);
  const again = againAndAgain(sources.indices, most);
  const chosen = { ...sources, indices: order.map((at) => again[at]!) };
  const { dataset } = targets;
  const joint = await joined([{ dataset, indices: againAndAgain(targets.indices, most) }]);
  const source: Field = { kind: "numbers", shape: dataset.shape, values: firstExamples(chosen, most) };
  return whole({
    ...joint,
    fields: { ...joint.fields, [PAIR_FIELD]: source },
    fingerprint: await fingerprint(joint.fingerprint, source.values),
  });
}

/** `count` of them: all once, and then again. */
const againAndAgain = (indices: Uint32Array, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => indices[i % indices.length]!);
