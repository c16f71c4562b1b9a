import type { DataSpec } from "../../data/spec.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { splitConfig } from "../../models/given-config.ts";
import { settingsOf } from "../../settings-schema.ts";
import type { TrainingSettings } from "../../training/settings.ts";

interface ModelRequest {
  readonly definition: ModelDefinition;
  readonly config: object;
  readonly settings: Partial<TrainingSettings>;
}

/** The setting `codes` of a request: as given, else by the presets, else its default. */
export function codesSetting({ definition, config, settings }: ModelRequest, data: DataSpec): string {
  const { own } = splitConfig(config);
  const preset = definition.presets?.findLast(
    (one) => one.config?.["codes"] !== undefined && one.fits(data, settings.steps, own),
  );
  const usual = settingsOf(definition.config).find(({ key }) => key === "codes");
  return String(own["codes"] ?? preset?.config?.["codes"] ?? usual?.default);
}
