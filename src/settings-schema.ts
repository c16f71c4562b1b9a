/** Settings from their zod schema: what values they take, in words, and one-line errors. */
import { z } from "zod";
import { ConfigError } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";
import { quoted } from "./serialization/quoted.ts";

/** What of JSON Schema the settings use. */
interface Property {
  readonly type?: string;
  readonly enum?: readonly (string | number)[];
  readonly items?: Property;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Of a list: what one item is, where each is given by itself, since it may have commas. */
  readonly repeatable?: string;
  readonly onlyWith?: OnlyWith;
}

/** Values of other settings, of each one of them, without which a setting does nothing. */
export type OnlyWith = Readonly<Record<string, readonly string[]>>;

export interface Setting {
  readonly key: string;
  readonly description: string;
  /** Undefined where it is off unless given. */
  readonly default: unknown;
  /** What values it takes, in words: `an integer from 1 to 4096`. */
  readonly expected: string;
  /** One word for a value: `n`, `x`, `list`, `name`; empty for a switch. */
  readonly value: string;
  /** Whether each item of a list is given by itself. */
  readonly repeatable: boolean;
  /** From `.meta({ onlyWith })`. */
  readonly onlyWith: OnlyWith;
}

const propertiesOf = (schema: z.ZodType): Readonly<Record<string, Property>> =>
  // The draft's own types allow far more than these schemas hold.
  (z.toJSONSchema(schema, { io: "input" }).properties ?? {}) as unknown as Record<string, Property>;

/** The settings of a schema, in its order. */
export const settingsOf = (schema: z.ZodType): readonly Setting[] =>
  Object.entries(propertiesOf(schema)).map(([key, property]) => ({
    key,
    description: property.description ?? "",
    default: property.default,
    expected: expectedOf(property),
    value: property.enum
      ? "name"
      : (property.repeatable ??
        { integer: "n", number: "x", array: "list", boolean: "" }[property.type ?? ""] ??
        "value"),
    repeatable: property.repeatable !== undefined,
    onlyWith: property.onlyWith ?? {},
  }));

/** A setting's value as a person types it. */
export const settingText = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));

/** Whether a schema has a setting of this name. */
export const isSetting = (schema: z.ZodType, key: string): boolean => Object.hasOwn(propertiesOf(schema), key);

/**
 * Settings by the schema, defaults filled in. Text is read as the setting's type; lists as `400,200` or `[400,200]`. Throws
 * ConfigError naming the setting by `nameOf`, the value, and the range or the nearest name there is.
 */
export function parseSettings<T>(
  schema: z.ZodType<T>,
  given: Readonly<Record<string, unknown>>,
  nameOf: (key: string) => string,
): T {
  const properties = propertiesOf(schema);
  const known = Object.keys(properties);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!property) {
      const nearest = nearestName(key, known);
      throw new ConfigError(
        `${nameOf(key)}: unknown setting, got ${quoted(key)}, expected one of ${known.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
      );
    }
    values[key] = typeof value === "string" ? fromText(value, property) : value;
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = String(issue?.path[0] ?? "");
  const property = properties[key];
  if (!property) throw new ConfigError(`${nameOf(key)}: ${issue?.message ?? "not valid"}`);
  const got = typeof given[key] === "string" ? quoted(given[key]) : JSON.stringify(given[key]);
  const nearest =
    property.enum && typeof given[key] === "string" ? nearestName(given[key], property.enum.map(String)) : undefined;
  throw new ConfigError(
    `${nameOf(key)}: not a value it takes, got ${got}, expected ${expectedOf(property)}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/** Text as the value it stands for; as it is where it stands for none, which the schema then refuses. */
function fromText(text: string, property: Property): unknown {
  switch (property.type) {
    case "integer":
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "array": {
      if (property.repeatable !== undefined) return [text];
      const inner = text.trim().replace(/^\[(.*)\]$/s, "$1");
      return inner === "" ? [] : inner.split(",").map((item) => fromText(item.trim(), property.items ?? {}));
    }
    default:
      return text;
  }
}

function expectedOf(property: Property): string {
  if (property.enum) return `one of ${property.enum.join(", ")}`;
  switch (property.type) {
    case "integer":
      return `an integer${rangeOf(property, 1)}`;
    case "number":
      return `a number${rangeOf(property)}`;
    case "boolean":
      return "true or false";
    case "array": {
      const { minItems, maxItems, items = {}, repeatable } = property;
      if (repeatable !== undefined) return `a ${repeatable}, or several with commas between; may be repeated`;
      const form = minItems === maxItems && minItems !== undefined ? `${minItems} values` : "a list";
      return `${form}, commas between, each ${expectedOf(items)}`;
    }
    default:
      return "text";
  }
}

/** `unit`: the step between whole numbers, so that `above 0` reads `from 1`. */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Property, unit?: number): string {
  const from = minimum ?? (unit !== undefined && exclusiveMinimum !== undefined ? exclusiveMinimum + unit : undefined);
  const low = from !== undefined ? ` from ${from}` : exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : "";
  const high =
    maximum !== undefined
      ? ` ${from === undefined && low ? "and up " : ""}to ${maximum}`
      : exclusiveMaximum !== undefined
        ? `${low ? " and" : ""} below ${exclusiveMaximum}`
        : "";
  return `${low}${high}`;
}
