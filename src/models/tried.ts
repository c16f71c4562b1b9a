import { ConfigError, LatentkitError, ShapeError, UnsupportedOpError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";

/**
 * What a part of a model gives. Whatever that throws becomes one line that names the model and the part, with what was thrown as
 * its cause; a setting or data that the model itself refuses stay as they are.
 */
export function tried<T>(where: string, part: string, expected: string, give: () => T): T {
  try {
    return give();
  } catch (thrown) {
    for (const Kind of [ShapeError, UnsupportedOpError])
      if (thrown instanceof Kind) throw new Kind(`${where}: ${part}: ${thrown.message}`, { cause: thrown });
    if (thrown instanceof LatentkitError) throw thrown;
    const [line = ""] = (thrown instanceof Error ? thrown.message : String(thrown)).trim().split("\n");
    throw new ConfigError(
      `${where}: ${part} throws, got ${line || "an error without a message"}, expected ${expected}`,
      {
        cause: thrown,
      },
    );
  }
}

/** A value of the wrong kind, in words. */
export function kindInWords(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Tensor) return "a tensor";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "undefined") return "nothing";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
