import type { Command } from "commander";
import { z } from "zod";
import { exampleSize } from "../../data/dataset.ts";
import type { Split } from "../../data/split.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { classMeans } from "../../latent/code-arithmetic.ts";
import { nearestName } from "../../nearest-name.ts";
import { analogyGrid, type Term } from "../../runs/pictures/latent-grids.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { quoted } from "../../serialization/quoted.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, pickedExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const analogySettings = z.strictObject({
  strengths: z
    .array(z.number().min(-100).max(100))
    .min(1)
    .max(100)
    .default([0, 0.25, 0.5, 0.75, 1])
    .describe("factors on a - b"),
  split: splitSetting,
});

/** Examples that the mean code of a class is taken over, at most. */
const classExamples = 1000;

export function define(command: Command): void {
  addRunOptions(command, { settings: analogySettings, examples: true, output: true })
    .argument("<a>", "an example, by index in the split, or class:NAME for the mean code of a class")
    .argument("<b>", "an example or class, subtracted from a")
    .argument("<c...>", "examples or classes that a - b is added to, one row each")
    .addHelpText(
      "after",
      `
A row shows a, b and c, then the decoded codes c + strength (a - b). With two classes, a - b is an attribute vector.

Examples:
  latentkit analogy runs/vae-digits-1 12 4 30
  latentkit analogy runs/vae-digits-1 class:8 class:3 5 18 22 --strengths 0,0.5,1,1.5`,
    )
    .action(async (path: string, a: string, b: string, c: readonly string[], options: RunOptions) => {
      const { strengths, split: wanted } = parseSettings(analogySettings, givenSettings(analogySettings, options));
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const termOf = (text: string): Promise<Term> => term(trained, split, text);
      const terms = [];
      for (const text of [a, b, ...c]) terms.push(await termOf(text));
      const [first, second, ...rest] = terms as [Term, Term, ...Term[]];
      const grid = await analogyGrid(trained, { a: first, b: second, c: rest, strengths });
      await finishImageGrid(grid, options, {
        title: "a, b, c, and c + strength (a - b)",
        file: samplesFile(path, "analogy.png"),
        units: loaded.run.info.data,
        details: { run: path, step, data, split: splitName, a, b, c, strengths },
        numbers: { shape: [c.length, 3 + strengths.length, ...grid.shape], values: grid.sets[0]! },
        terminalRows: c.length,
      });
    });
}

/** An example, or the mean code of a class and what it decodes to. */
async function term(trained: TrainedModel, split: Split, text: string): Promise<Term> {
  const { dataset } = split;
  const named = /^class:(.*)$/s.exec(text)?.[1];
  if (named === undefined) {
    if (!/^\d{1,9}$/.test(text))
      throw new ConfigError(
        `analogy: neither an example nor a class, got ${quoted(text)}, expected an index in the split or class:NAME`,
      );
    const one = pickedExamples(split, [Number(text)], "analogy");
    const picture = firstExamples(one, 1);
    const code = await forExamples(trained, one).encode(picture);
    return { code, picture, ...(dataset.labels && { label: dataset.labels[one.indices[0]!]! }) };
  }
  if (!dataset.labels || !dataset.classNames)
    throw new DataError(`${dataset.name}: no labels, got none, expected them for class:${quoted(named)}`);
  const label = dataset.classNames.indexOf(named);
  const members = split.indices.filter((i) => dataset.labels![i] === label).subarray(0, classExamples);
  if (members.length === 0) {
    const nearest = nearestName(named, dataset.classNames);
    throw new ConfigError(
      `analogy: no examples of the class, got ${quoted(named)}, expected one of ${dataset.classNames.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  }
  const { means } = await trained.codes({ dataset, indices: members });
  const code = classMeans(means, new Uint8Array(members.length), 1);
  const decoder = trained.model.condition?.required ? trained.given({ class: [label] }) : trained;
  const picture = (await decoder.decode(code)).subarray(0, exampleSize(dataset));
  return { code, picture, label };
}
