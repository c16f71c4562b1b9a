import { ConfigError } from "./errors.ts";

/** The one of a name. Throws ConfigError naming all there are, and the nearest. */
export function findNamed<T extends { readonly name: string }>(
  where: string,
  what: string,
  name: string,
  among: readonly T[],
): T {
  const found = among.find((each) => each.name === name);
  if (found) return found;
  const names = among.map((each) => each.name);
  const nearest = nearestName(name, names);
  throw new ConfigError(
    `${where}: unknown ${what}, got "${name}", expected one of ${names.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/** Throws ConfigError where an object has a key that is not known, naming the nearest. */
export function refuseUnknownKeys(where: string, what: string, given: object, known: readonly string[]): void {
  const among = known.map((name) => ({ name }));
  for (const key of Object.keys(given)) findNamed(where, what, key, among);
}

/** Names that people bring from elsewhere, and ours. */
export const synonyms: Readonly<Record<string, string>> = {
  lr: "learningRate",
  wd: "weightDecay",
  gpu: "webgpu",
  fid: "frechet",
  nll: "likelihood",
  bpd: "bits-per-dimension",
  is: "inception-score",
};

/**
 * The known name that `wanted` means elsewhere, or begins, where there is but one, else the closest by edits (insert, delete, replace a letter, exchange two neighbors), or
 * undefined where none is near enough to be meant.
 */
export function nearestName(wanted: string, known: readonly string[]): string | undefined {
  const meant = Object.hasOwn(synonyms, wanted) ? synonyms[wanted] : undefined;
  if (meant !== undefined && known.includes(meant)) return meant;
  const begun = known.filter((name) => name.toLowerCase().startsWith(wanted.toLowerCase()));
  if (wanted.length >= 2 && begun.length === 1) return begun[0];
  let best: string | undefined;
  let bestEdits = Math.max(2, Math.floor(wanted.length / 2)) + 1;
  for (const name of known) {
    const edits = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (edits < bestEdits && edits < name.length) {
      best = name;
      bestEdits = edits;
    }
  }
  return best;
}

/** Levenshtein distance with exchanged neighbors as one edit (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const exchanged =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, exchanged));
    }
    [before, row] = [row, next];
  }
  return row[to.length]!;
}
