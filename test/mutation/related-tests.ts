import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { importsOf, isRelative, resolved } from "../source-imports.ts";

/** Tests that start a browser, a GPU or the built package: they see no source that is changed in memory, or take too long. */
const elsewhere =
  /^test\/(e2e|browser|mutation)\/|^test\/conformance\/|^test\/(docs|package|examples|run-folder-kill)\.test\.ts$/;

/** For each source the tests that load it, those that import it through the fewest others first. */
export function relatedTests(): ReadonlyMap<string, readonly string[]> {
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((file) => posix.join(folder, file.replaceAll("\\", "/")))
      .filter((file) => file.endsWith(".ts")),
  );
  const targets = new Map(files.map((file) => [file, loadedBy(file)]));
  const distances = new Map<string, { readonly test: string; readonly distance: number }[]>();
  for (const test of files.filter((file) => file.endsWith(".test.ts") && !elsewhere.test(file)))
    for (const [file, distance] of reachedFrom(test, targets)) {
      const own = file.replace(/\.ts$/, ".test.ts") === test;
      const found = distances.get(file) ?? [];
      distances.set(file, [...found, { test, distance: own ? 0 : distance }]);
    }
  return new Map(
    [...distances].map(([file, found]) => [
      file,
      found.toSorted((a, b) => a.distance - b.distance || (a.test < b.test ? -1 : 1)).map(({ test }) => test),
    ]),
  );
}

/** The files that one loads: types are not loaded. */
function loadedBy(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  return importsOf({ file, text })
    .filter(({ target, line }) => isRelative(target) && !/^(import|export) type\b/.test(lines[line - 1]!))
    .map(({ target }) => resolved(file, target));
}

function reachedFrom(test: string, targets: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const distances = new Map([[test, 0]]);
  // A map is iterated over in the order in which files are reached, those that are added meanwhile included.
  for (const [file, distance] of distances)
    for (const target of targets.get(file) ?? []) if (!distances.has(target)) distances.set(target, distance + 1);
  distances.delete(test);
  return distances;
}
