/** What a conditional model is given on the command line. */
import type { Command } from "commander";
import { classNumber } from "../../data/class-number.ts";
import type { FieldSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import type { ConditionValues } from "../../evaluation/condition.ts";
import { sizeOf } from "../../graph/shape.ts";
import { nearestName } from "../../nearest-name.ts";
import { runClassNames, type RunInfo } from "../../runs/run-info.ts";
import { quoted } from "../../serialization/quoted.ts";
import { collect, settingPairs } from "./settings.ts";

export interface ConditionOptions {
  readonly label?: string;
  readonly condition?: readonly string[];
}

export const addConditionOptions = (command: Command): Command =>
  command
    .option("--label <class>", "class to condition on, by name or number")
    .option(
      "--condition <field=value>",
      "another field to condition on: a class, or numbers with commas between; may be repeated",
      collect,
    );

/** What --label and --condition say, by field. Throws ConfigError for a field or a class that the run's data do not have, or numbers that do not fit. */
export function optionCondition(
  { data }: Pick<RunInfo, "data">,
  { label, condition = [] }: ConditionOptions,
): ConditionValues | undefined {
  if (label === undefined && condition.length === 0) return undefined;
  const fields = data.fields ?? [];
  const given = Object.entries(settingPairs(condition, "--condition")).map(([name, text]) => {
    const field = fields.find((one) => one.name === name);
    if (field) return [name, fieldValues(field, text)] as const;
    const names = fields.map((one) => one.name);
    const nearest = nearestName(name, names);
    throw new ConfigError(
      `--condition: the run's data have no such field, got ${quoted(name)}, expected ${names.length === 0 ? "none" : `one of ${names.join(", ")}`}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  });
  return {
    ...(label !== undefined && { class: [classNumber("--label", label, runClassNames({ data }))] }),
    ...Object.fromEntries(given),
  };
}

function fieldValues(field: FieldSpec, text: string): readonly number[] {
  const where = `--condition ${field.name}`;
  if (field.kind === "class") return [classNumber(where, text, field.classes)];
  const size = sizeOf(field.shape);
  const parts = text.split(",");
  const values = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (values.length !== size || !values.every(Number.isFinite))
    throw new ConfigError(
      `${where}: not the numbers of this field, got ${quoted(text)}, expected ${size === 1 ? "a number" : `${size} numbers with commas between`}`,
    );
  return values;
}
