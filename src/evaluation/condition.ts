import { ConfigError, UnsupportedOpError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { requiredFields } from "../models/conditioning.ts";
import type { FieldSpec, Model } from "../models/model.ts";
import { conditioned, type Context, evaluation } from "../nn/context.ts";
import type { HostArray } from "../runtime/host-array.ts";
import { fieldInputName, fieldInputs } from "../training/batch-inputs.ts";

/** A condition by field: indices of classes (-1 for none, where the model allows it), or numbers, [rows, ...shape of the field]. */
export type ConditionValues = Readonly<Record<string, ArrayLike<number>>>;

/** What of a condition a model takes. */
export const takenBy = (
  { condition }: { readonly condition?: Model["condition"] | undefined },
  values: ConditionValues,
): ConditionValues =>
  Object.fromEntries(
    (condition?.fields ?? []).flatMap(({ name }) => (values[name] ? [[name, values[name]] as const] : [])),
  );

/** The condition of a model: checked once, and repeated over the rows of each run. */
export class Given {
  /** The fields that are given: graphs of other fields are other graphs. */
  readonly key: string;
  readonly #model: Model;
  readonly #fields: readonly FieldSpec[];
  readonly values: ConditionValues;

  /** Throws UnsupportedOpError for a field that the model does not take, ConfigError for values that do not fit it. */
  constructor(model: Model, values: ConditionValues) {
    const known = model.condition?.fields ?? [];
    const needed = requiredFields(model);
    for (const [name, given] of Object.entries(values)) {
      const field = known.find((one) => one.name === name);
      if (!field)
        throw new UnsupportedOpError(
          `condition: the model takes none of this name, got ${name}, expected ${known.map((one) => one.name).join(", ") || "none: it is unconditional"}`,
        );
      checkValues(field, given, needed.includes(field));
    }
    this.#model = model;
    this.values = values;
    this.#fields = known.filter(({ name }) => values[name]);
    this.key = this.#fields.map(({ name }) => name).join();
  }

  /** Throws UnsupportedOpError where the model is of p(x | condition) only, and a field of that is not given. */
  check(what: string): void {
    const needed = requiredFields(this.#model);
    const missing = needed.find((field) => !this.values[field.name]);
    if (!missing) return;
    const { name } = missing;
    const expected =
      missing.kind === "class"
        ? `a ${name} from 0 to ${missing.classes.length - 1}, by --label or given()`
        : `numbers of shape [${missing.shape.join(", ")}], by ${this.#commandFor(name)} or given()`;
    throw new UnsupportedOpError(
      `model: it is of p(x | ${needed.map((field) => field.name).join(", ")}), got no ${name} to ${what} with, expected ${expected}`,
    );
  }

  #commandFor(field: string): string {
    const { ofExample, start } = this.#model.condition ?? {};
    if (ofExample?.[field]) return "latentkit upscale";
    return field === start ? "latentkit translate" : "--condition";
  }

  /** The context of a graph of so many rows. */
  context(rows: number): Context {
    return this.#fields.length === 0 ? evaluation : conditioned(evaluation, fieldInputs(this.#fields, rows));
  }

  /** The inputs of rows `first` and on. */
  inputs(first: number, rows: number): Readonly<Record<string, HostArray>> {
    return Object.fromEntries(
      this.#fields.map((field) => [fieldInputName(field.name), this.#rows(field, first, rows)]),
    );
  }

  #rows(field: FieldSpec, first: number, rows: number): HostArray {
    const values = this.values[field.name]!;
    if (field.kind === "class")
      return BigInt64Array.from({ length: rows }, (_, i) => BigInt(values[(first + i) % values.length]!));
    const size = sizeOf(field.shape);
    const count = values.length / size;
    return Float32Array.from(
      { length: rows * size },
      (_, i) => values[((first + Math.floor(i / size)) % count) * size + (i % size)]!,
    );
  }
}

function checkValues(field: FieldSpec, values: ArrayLike<number>, required: boolean): void {
  if (field.kind === "class") {
    const [least, most] = [required ? 0 : -1, field.classes.length - 1];
    const wrong = Array.from(values).find((index) => !(Number.isInteger(index) && index >= least && index <= most));
    if (values.length === 0 || wrong !== undefined)
      throw new ConfigError(`${field.name}: not a class of the model, got ${wrong ?? "none"}, expected 0 to ${most}`);
    return;
  }
  const size = sizeOf(field.shape);
  if (values.length === 0 || values.length % size !== 0)
    throw new ConfigError(
      `${field.name}: values do not fit the field, got ${values.length}, expected a multiple of ${size}: [rows, ${field.shape.join(", ")}]`,
    );
  if (!Array.from(values).every(Number.isFinite))
    throw new ConfigError(`${field.name}: a value is not finite, got NaN or infinity, expected numbers`);
  const { symbols = Infinity } = field;
  const wrong = Array.from(values).find((v) => v < 0 || v >= symbols || !Number.isInteger(v));
  if (symbols < Infinity && wrong !== undefined)
    throw new ConfigError(
      `${field.name}: a value is no symbol of the field, got ${Number(wrong.toPrecision(6))}, expected whole numbers from 0 to ${symbols - 1}`,
    );
}
