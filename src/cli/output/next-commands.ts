import { has, lacking } from "../../evaluation/capabilities.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { usualSymbolPrior } from "../../models/registry.ts";
import { suggestedPrior } from "../../runs/codes/suggested-prior.ts";
import type { TrainingRun } from "../../runs/training-run.ts";

/** A command to try after training, which runs as it is. */
export interface NextCommand {
  readonly command: string;
  readonly meaning: string;
}

/** The commands that suit what was trained, on what. */
export async function nextCommands({ run, trained, source }: TrainingRun): Promise<readonly NextCommand[]> {
  const { model } = trained;
  const command = (name: string, flags = ""): string =>
    `${commandName()} ${name} ${shellWord(run.path)} ${flags}`.trimEnd();
  const prior = await suggestedPrior(trained, source);
  // Conditions but classes have to be named by the person who samples.
  const samples =
    has(model, "sample") && !(model.condition?.required && model.condition.fields.some(({ kind }) => kind !== "class"));
  const examined = source.test.indices.length > 0;
  return [
    ...(samples ? [{ command: command("sample", "--count 100"), meaning: "more samples" }] : []),
    ...(has(model, "upscale") && examined
      ? [{ command: command("upscale"), meaning: "images made of smaller ones" }]
      : []),
    ...(has(model, "translate") && examined
      ? [{ command: command("translate"), meaning: "examples of the source and what they become" }]
      : []),
    ...(prior === undefined
      ? []
      : [
          {
            command: command("sample", `--count 100 --prior ${prior}`),
            meaning: samples
              ? "the same by a mixture, which fits the codes better than p(z)"
              : "samples by a mixture of Gaussians",
          },
        ]),
    ...(has(model, "symbols") ? ofSymbols(run.path, command) : []),
    ...(has(model, "reconstruct") && examined
      ? [{ command: command("reconstruct"), meaning: "examples and their reconstructions" }]
      : []),
    ...(has(model, "denoise") && examined
      ? [{ command: command("denoise"), meaning: "examples corrupted and denoised" }]
      : []),
    ...(!lacking(model, ["decode", "prior", "vector"]) && !model.condition?.required ? ofCodes(trained, command) : []),
  ];
}

function ofSymbols(path: string, command: (name: string) => string): readonly NextCommand[] {
  return [
    {
      command: `${commandName()} train ${usualSymbolPrior.name} --data ${shellWord(`codes:${path}`)}`,
      meaning: "a prior of its codes: samples of the uniform p(z) are noise; then sample with --prior",
    },
    { command: command("codebook"), meaning: "each symbol of its codes decoded alone" },
  ];
}

/** Of many dimensions, a grid shows the two that say most; which they are, only an encoder tells. */
function ofCodes({ model, latentDim }: TrainedModel, command: (name: string) => string): readonly NextCommand[] {
  if (latentDim < 2) return [];
  if (latentDim === 2 || has(model, "encode"))
    return [{ command: command("manifold"), meaning: "a grid over two latent dimensions" }];
  return [{ command: command("interpolate"), meaning: "samples of p(z) turning into each other" }];
}

/** The command as typed: inside npm scripts `latentkit` alone is not found. */
export const commandName = (): string =>
  process.env["npm_lifecycle_event"] === undefined ? "latentkit" : "npx latentkit";

export const shellWord = (text: string): string =>
  /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
