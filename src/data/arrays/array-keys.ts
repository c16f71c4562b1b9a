import { DataError } from "../../errors.ts";
import type { ArrayPart, NamedArray, NamedLabels } from "./named-array.ts";

const partWords = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation"],
  test: ["test", "testing"],
} as const;
const kindWords = {
  examples: ["x", "data", "images", "image", "imgs", "features", "examples"],
  labels: ["y", "labels", "label", "targets", "target", "classes"],
} as const;
/** The part that an array is of. */
export type NpzPart = keyof typeof partWords;

/** An array of an archive by its key, read when it is known what for. */
export interface KeyedArray {
  readonly key: string;
  /** In messages. */
  readonly name: string;
  /** The shape where it is an array of numbers. */
  shape(): Promise<readonly number[] | undefined>;
  numbers(): Promise<Omit<NamedArray, "name">>;
  /** Numbers, or text. */
  labels(): Promise<Omit<NamedLabels, "name">>;
}

export type KeyedParts = Partial<Record<NpzPart | "whole", ArrayPart>>;

/**
 * Examples, labels and fields among arrays by the words of their keys: see `readNpz`. Throws `DataError` naming the archive where none are
 * examples.
 */
export async function keyedParts(archive: string, arrays: readonly KeyedArray[]): Promise<KeyedParts> {
  const found = new Map<string, KeyedArray>();
  const others: [part: string, field: string, array: KeyedArray][] = [];
  for (const array of arrays) {
    const role = arrays.length === 1 ? "whole examples" : roleOf(array.key);
    if (role === undefined) {
      others.push([...fieldOf(array.key), array]);
      continue;
    }
    if (found.has(role))
      throw new DataError(`${array.name}: two arrays for one role, got another of ${role}, expected one`);
    found.set(role, array);
  }
  const parts: KeyedParts = {};
  const either = found.has("train examples") ? (["train", "validation", "test"] as const) : (["whole"] as const);
  for (const part of either) {
    const given = found.get(`${part} examples`);
    if (!given) continue;
    const examples = { name: given.name, ...(await given.numbers()) };
    const classes = found.get(`${part} labels`);
    const fields: Record<string, NamedArray> = {};
    for (const [of, field, array] of others)
      if (of === part && (await array.shape())?.[0] === examples.shape[0])
        fields[field] = { name: array.name, ...(await array.numbers()) };
    parts[part] = {
      examples,
      // Numbers or text, as the array has it.
      ...(classes && { labels: { name: classes.name, ...(await classes.labels()) } as NamedLabels }),
      ...(Object.keys(fields).length > 0 && { fields }),
    };
  }
  if (Object.keys(parts).length > 0) return parts;
  const keys = arrays.slice(0, 10).map(({ key }) => key);
  throw new DataError(
    `${archive}: no examples, got keys ${keys.join(", ") || "none"}, expected x (with y), or x_train (with y_train, x_test, y_test)`,
  );
}

/** Role of an array, such as "train labels"; undefined for other keys. */
function roleOf(key: string): string | undefined {
  const words = key.toLowerCase().split(/[\s._-]+/);
  const part = nameOf(partWords, words);
  const kind = nameOf(kindWords, words);
  if (Number(part !== undefined) + Number(kind !== undefined) !== words.length) return undefined;
  return `${part ?? "whole"} ${kind ?? "examples"}`;
}

/** Part and name of a field: of `attributes_train`, `train` and `attributes`. */
function fieldOf(key: string): [part: string, field: string] {
  const isPart = (word: string): boolean => nameOf(partWords, [word.toLowerCase()]) !== undefined;
  const words = key.split(/[\s._-]+/);
  const part = nameOf(partWords, words.map((word) => word.toLowerCase()).filter(isPart));
  return part ? [part, words.filter((word) => !isPart(word)).join("_")] : ["whole", key];
}

/** The first name with a word among the given ones. */
function nameOf<Name extends string>(table: Readonly<Record<Name, readonly string[]>>, words: readonly string[]) {
  return (Object.keys(table) as Name[]).find((name) => words.some((word) => table[name].includes(word)));
}
