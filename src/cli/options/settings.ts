/** A command's settings from their zod schema: flags, help, ranges and one-line errors all follow from it. */
import type { Command } from "commander";
import type { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { isSetting, parseSettings as parsedSettings, settingsOf, settingText } from "../../settings-schema.ts";

const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Adds a flag for every setting of a schema: `batchSize` becomes `--batch-size <n>`. */
export function addSettings(command: Command, schema: z.ZodType): Command {
  for (const { key, description, default: standard, expected, value, repeatable } of settingsOf(schema)) {
    const range = value === "name" ? `: ${expected.replace("one of ", "")}` : "";
    const off = standard === undefined ? "" : ` (default ${settingText(standard)})`;
    const flags = value === "" ? flagOf(key) : `${flagOf(key)} <${value}>`;
    if (repeatable) command.option(flags, `${description}; may be repeated`, collect);
    else command.option(flags, `${description}${range}${off}`);
  }
  return command;
}

/** The given settings of a schema among a command's options, as typed. */
export function givenSettings(schema: z.ZodType, options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => isSetting(schema, key)));
}

/** Settings by the schema, as `parseSettings` of src/settings-schema.ts reads them: named by their flags unless `nameOf` says otherwise. */
export const parseSettings = <T>(
  schema: z.ZodType<T>,
  given: Readonly<Record<string, unknown>>,
  nameOf: (key: string) => string = flagOf,
): T => parsedSettings(schema, given, nameOf);

/** Settings `key=value` by key. Throws ConfigError naming `where` they stand. */
export function settingPairs(pairs: readonly string[], where: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new ConfigError(`${where}: not a setting, got "${pair}", expected key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** For an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
