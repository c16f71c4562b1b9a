/** Damage to JSON that leaves it JSON: values of another type or size, keys that are removed, renamed or added. */
import type { Stream } from "../../../src/random/streams.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const deep = (depth: number): Json => (depth === 0 ? 1 : [deep(depth - 1)]);
const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -1e-308,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  "",
  "a",
  "\u0000\u001b[2J\n",
  "\ud800",
  "__proto__",
  "../../etc/passwd",
  "x".repeat(10_000),
  [],
  {},
  [[]],
  deep(100),
  Array.from({ length: 2000 }, () => 0),
];
const KEYS = ["__proto__", "constructor", "toString", "", "formatVersion", "a\nb", "0"];

/** Where a value stands. */
type Place = readonly [holder: Json[] | { [key: string]: Json }, key: string];

function* places(value: Json): Generator<Place> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    yield [value, key];
    yield* places((value as Record<string, Json>)[key]!);
  }
}

/** A JSON text with one to three values or keys changed; text that is no JSON is returned as it is. */
export function mutatedJson(random: Stream, bytes: Uint8Array): Uint8Array {
  const root = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  for (let left = 1 + random.int(3); left > 0; left--) {
    const all = [...places(root)];
    if (all.length === 0) break;
    const [holder, key] = all[random.int(all.length)]!;
    const object = holder as Record<string, Json>;
    const before = object[key]!;
    const kind = random.int(6);
    if (kind === 0) delete object[key];
    else if (kind === 1 && !Array.isArray(holder)) define(object, KEYS[random.int(KEYS.length)]!, before);
    else if (kind === 2 && Array.isArray(before)) before.push(...structuredClone(before));
    else if (kind === 2 && typeof before === "number")
      object[key] = [-before, before * 1e6, before + 0.5][random.int(3)]!;
    else if (kind === 3)
      object[key] = structuredClone(
        (([from, of]) => (from as Record<string, Json>)[of]!)(all[random.int(all.length)]!),
      );
    else object[key] = structuredClone(VALUES[random.int(VALUES.length)]!);
  }
  return new TextEncoder().encode(JSON.stringify(root));
}

/** An own property, whatever its name: an assignment to `__proto__` would set the prototype. */
function define(object: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
