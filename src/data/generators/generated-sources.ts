import { ConfigError, DataError } from "../../errors.ts";
import { nearestName } from "../../nearest-name.ts";
import { allowedOptions, type DataSourceOptions, type GivenOptions, givenOptions } from "../options.ts";
import type { DataSource } from "../split.ts";
import { withoutNamedClasses } from "../without-classes.ts";
import { digitsSource } from "./digits.ts";
import { spritesSource } from "./sprites.ts";
import { toySource } from "./toy-source.ts";
import { toys } from "./toys.ts";

/** A data source by the name that opens it, for people. */
export interface KnownDataSource {
  readonly spec: string;
  readonly description: string;
}

interface GeneratedSource extends KnownDataSource {
  /** What the name is followed by in `spec`: `most` words at most, each after a colon. */
  readonly most: number;
  /** The options that it has a use for, beside those that every source takes. */
  readonly takes?: readonly "size"[];
  open(words: readonly string[], options: Pick<GivenOptions, "seed" | "validation" | "size">): Promise<DataSource>;
}

/** Sources that need no files, by name. */
export const generatedSources: Readonly<Record<string, GeneratedSource>> = {
  digits: {
    spec: "digits",
    description: "generated hand-drawn digits, [1, 28, 28], 10 classes; digits:N for N training examples",
    most: 1,
    open: ([size], options) => digitsSource({ ...options, ...sized("digits:N", size) }),
  },
  sprites: {
    spec: "sprites",
    description:
      "generated images of 3 shapes in 6 scales, 40 orientations and 32 x 32 positions, 64 x 64 or with --size 32; sprites:N for N training examples",
    most: 1,
    takes: ["size"],
    open: ([count], { size: side, ...options }) =>
      spritesSource({ ...options, ...(side !== undefined && { side }), ...sized("sprites:N", count) }),
  },
  toy: {
    spec: "toy:NAME",
    description: `points in the plane of known density: ${Object.keys(toys).join(", ")}; toy:NAME:N for N training examples`,
    most: 2,
    open: ([name = "", size], options) => toySource({ name, ...options, ...sized("toy:NAME:N", size) }),
  },
};

/** Opens a generated source, with every class; undefined where `spec` names none. */
export function openGenerated(spec: string, given: GivenOptions): Promise<DataSource> | undefined {
  const [name = "", ...words] = spec.split(":");
  const source = Object.hasOwn(generatedSources, name) ? generatedSources[name] : undefined;
  if (!source || words.length > source.most) return undefined;
  return source.open(words, allowedOptions(spec, given, source.takes ?? []));
}

/**
 * Opens digits, sprites or a toy by name, in any JavaScript runtime. Throws DataError where there is no such source, ConfigError for a
 * setting out of range.
 *
 * @example
 * const { train } = await openGeneratedSource("toy:moons:2000");
 */
export async function openGeneratedSource(spec: string, options: DataSourceOptions = {}): Promise<DataSource> {
  const source = await (openGenerated(spec, givenOptions(options)) ?? noSource(spec));
  return withoutNamedClasses(source, options.without);
}

/** Throws the DataError for a name that opens nothing, of which `others` are known beside the generated sources. */
export function noSource(
  spec: string,
  { others = [], expected = "" }: { readonly others?: readonly string[]; readonly expected?: string } = {},
): never {
  const nearest = nearestName(spec.split(":")[0]!, [...Object.keys(generatedSources), ...others]);
  const known = Object.values(generatedSources).map((source) => source.spec);
  throw new DataError(
    `data: no such source, got "${spec}", expected ${known.join(", ")}${expected}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/** The number of training examples in a spec of this form, where it has one. */
function sized(form: string, size: string | undefined): { readonly size?: number } {
  if (size === undefined) return {};
  if (!/^[0-9]+$/.test(size))
    throw new ConfigError(`data: not a number of examples, got "${size}", expected ${form} with N such as 20000`);
  return { size: Number(size) };
}
