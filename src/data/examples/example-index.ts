import { gapNotes } from "../tables/gaps.ts";
import type { Split } from "../split.ts";

/** What examples of a split are called: columns of text to stand beside values, one entry an example. */
export interface ExampleIndex {
  readonly names: readonly string[];
  /** The entries of a row, in the order of `names`. */
  readonly row: (place: number) => readonly string[];
}

/**
 * `example` counts the examples from 0; `file` names the file of an image, and `row` counts the rows of a file where it is not the same number;
 * `class` is there where examples are labeled, and `note` where a model cannot be given some as they are.
 */
export function exampleIndex({ dataset, indices }: Split): ExampleIndex {
  const { names, labels, classNames, gaps } = dataset;
  const notes = gapNotes(dataset);
  const renumbered = indices.some((index, place) => index !== place);
  const columns: (readonly [name: string, of: (index: number, place: number) => string])[] = [
    ["example", (_, place) => String(place)],
    ...(names ? [["file", (index: number) => names[index]!] as const] : []),
    ...(renumbered && !names ? [["row", (index: number) => String(index)] as const] : []),
    ...(labels && classNames ? [["class", (index: number) => classNames[labels[index]!] ?? ""] as const] : []),
    ...(gaps ? [["note", (index: number) => notes.get(index) ?? ""] as const] : []),
  ];
  return {
    names: columns.map(([name]) => name),
    row: (place) => columns.map(([, of]) => of(indices[place]!, place)),
  };
}

/** Whether the index says more than the place of an example in its file. */
export const saysMore = ({ names }: ExampleIndex): boolean => names.length > 1;
