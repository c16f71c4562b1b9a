import type { Command } from "commander";
import type { ModelDefinition } from "../../models/definition.ts";
import { registry } from "../../models/registry.ts";
import { namedModel } from "../../node/model-files.ts";
import { settingsOf, settingText } from "../../settings-schema.ts";
import { table } from "../output/table.ts";
import { print, printJson } from "../output/terminal.ts";

export function define(command: Command): void {
  command
    .argument("[model]", "show this model's settings: a name, or a file of your own")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  latentkit models\n  latentkit models vae --json\n  latentkit models ./my-model.ts",
    )
    .action(async (name: string | undefined, { json = false }: { readonly json?: boolean }) => {
      if (name === undefined) listModels(json);
      else showModel((await namedModel(name)).definition, json);
    });
}

function listModels(json: boolean): void {
  const models = registry.map(({ name, summary, paper }) => ({ name, summary, paper }));
  if (json) printJson(models);
  else {
    print(table(models.map(({ name, summary, paper }) => [name, summary, paper])));
    print("\nA model's settings: latentkit models MODEL");
  }
}

function showModel({ name, summary, paper, config, presets = [] }: ModelDefinition, json: boolean): void {
  const settings = settingsOf(config);
  if (json) {
    const shown = settings.map(({ key, description, default: standard, expected }) => ({
      key,
      description,
      default: standard,
      expected,
    }));
    printJson({ name, summary, paper, settings: shown, presets });
    return;
  }
  print(`${name}  ${summary} (${paper})\n`);
  if (settings.length === 0) print("It has no settings.");
  else {
    print("Settings, given as --set key=value:\n");
    print(
      table(
        settings.map(({ key, default: standard, expected, description }) => [
          standard === undefined ? `  ${key}, not set` : `  ${key}=${settingText(standard)}`,
          `${description}\n${expected}`,
        ]),
      ),
    );
  }
  if (presets.length === 0) return;
  print("\nPresets, for settings that are not given:\n");
  print(
    table(
      presets.map(({ suits, config: values, training }) => [
        `  ${suits}`,
        Object.entries({ ...values, ...training })
          .map(([key, v]) => `${key}=${settingText(v)}`)
          .join(" "),
      ]),
    ),
  );
}
