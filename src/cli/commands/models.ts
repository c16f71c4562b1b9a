import type { Command } from "commander";
import type { ModelDefinition } from "../../models/definition.ts";
import { registry } from "../../models/registry.ts";
import { namedModel } from "../../node/model-files.ts";
import { settingsOf, settingText } from "../../settings-schema.ts";
import { table } from "../output/table.ts";

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
  if (json) console.log(JSON.stringify(models));
  else {
    console.log(table(models.map(({ name, summary, paper }) => [name, summary, paper])));
    console.log("\nA model's settings: latentkit models MODEL");
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
    console.log(JSON.stringify({ name, summary, paper, settings: shown, presets }));
    return;
  }
  console.log(`${name}  ${summary} (${paper})\n`);
  if (settings.length === 0) console.log("It has no settings.");
  else {
    console.log("Settings, given as --set key=value:\n");
    console.log(
      table(
        settings.map(({ key, default: standard, expected, description }) => [
          `  ${key}=${settingText(standard)}`,
          `${description}\n${expected}`,
        ]),
      ),
    );
  }
  if (presets.length === 0) return;
  console.log("\nPresets, for settings that are not given:\n");
  console.log(
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
