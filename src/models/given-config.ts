import type { z } from "zod";
import { ConfigError } from "../errors.ts";
import { parseSettings, settingText } from "../settings-schema.ts";

/** Of a setting of the model whose codes another is trained on: `codes.latentDim`. */
const prefix = "codes.";

type Given = Readonly<Record<string, unknown>>;

/** Given settings of a model: its own, and those of the model whose codes it is trained on, without their prefix. */
export function splitConfig(config: object): { readonly own: Given; readonly codes: Given } {
  const [own, codes]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const [key, value] of Object.entries(config))
    if (key.startsWith(prefix)) codes[key.slice(prefix.length)] = value;
    else own[key] = value;
  return { own, codes };
}

/** Settings of the model whose codes another is trained on, as they are given to that one. */
export const asCodesConfig = (codes: Given): Given =>
  Object.fromEntries(Object.entries(codes).map(([key, value]) => [prefix + key, value]));

/**
 * Given settings of a model as it takes them, checked; what is left out is for presets and defaults. Settings `codes.KEY` are those of the model
 * whose codes it is trained on, or of its training, and are checked where it is known which model that is. Throws ConfigError.
 */
export function givenConfig(
  {
    name,
    config: schema,
    codes: models,
  }: { readonly name: string; readonly config: z.ZodType; readonly codes?: object },
  given: Given,
  nameOf: (key: string) => string,
): Given {
  const { own, codes } = splitConfig(given);
  const [first] = Object.keys(codes);
  if (first !== undefined && !models)
    throw new ConfigError(
      `${nameOf(prefix + first)}: ${name} is not trained on codes of a model, got ${settingText(codes[first])}, expected a setting of its own`,
    );
  const parsed = Object.entries(parseSettings(schema, own, nameOf) as Given);
  return {
    ...Object.fromEntries(parsed.filter(([key]) => Object.hasOwn(own, key))),
    ...asCodesConfig(codes),
  };
}
