import type { z } from "zod";
import { ConfigError } from "../errors.ts";
import { type Setting, settingsOf, settingText } from "../settings-schema.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * Names of the settings that do nothing with the `values` of the others, such as channels of a network without convolutions. Throws
 * ConfigError where one of them is `given`, unless it is the default: all settings of a run, defaults too, may be given.
 */
export function idleSettings(
  schema: z.ZodType,
  given: Values,
  values: Values,
  nameOf: (key: string) => string = (key) => key,
): readonly string[] {
  return settingsOf(schema).flatMap((setting) => {
    const { key, default: usual } = setting;
    const found = lacking(setting, values);
    if (!found) return [];
    if (Object.hasOwn(given, key) && settingText(given[key]) !== settingText(usual))
      throw new ConfigError(
        `${nameOf(key)}: it does nothing with ${found.name}=${settingText(values[found.name])}, got ${settingText(given[key])}, expected ${found.name} to be ${found.needed.join(" or ")}`,
      );
    return [key];
  });
}

/** The setting without a value of which this one does nothing, with the values it needs. */
function lacking({ onlyWith }: Setting, values: Values) {
  const found = Object.entries(onlyWith).find(([name, needed]) => !needed.includes(String(values[name])));
  return found && { name: found[0], needed: found[1] };
}
