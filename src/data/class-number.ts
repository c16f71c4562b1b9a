import { ConfigError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import { quoted } from "../serialization/quoted.ts";

/** The number of a class that an option gives by name or number. Throws ConfigError naming all there are, and the nearest. */
export function classNumber(option: string, text: string, classNames: readonly string[] = []): number {
  const named = classNames.indexOf(text);
  const label = named === -1 && /^\d{1,9}$/.test(text) ? Number(text) : named;
  if (label >= 0 && label < classNames.length) return label;
  const shown = [...classNames.slice(0, 20), ...(classNames.length > 20 ? ["..."] : [])].join(", ");
  const nearest = nearestName(text, classNames);
  throw new ConfigError(
    `${option}: no such class, got ${quoted(text)}, expected ${classNames.length === 0 ? "none: the data have no labels" : `one of ${shown}`}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}
