import type { Command } from "commander";
import { z } from "zod";
import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { UnsupportedOpError } from "../../errors.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { symbolLatents } from "../../evaluation/latent-codes.ts";
import { codebookUse } from "../../metrics/codes/codebook-use.ts";
import { findNamed } from "../../nearest-name.ts";
import { isImage } from "../../pictures/image-grid.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { entriesGrid, exampleSymbols, swapsGrid, symbolsGrid } from "../../runs/pictures/codebook-grids.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

/** Examples that the use of symbols is counted over. */
const counted = 1000;

const codebookSettings = z.strictObject({
  show: z
    .enum(["entries", "symbols", "swaps"])
    .default("entries")
    .describe(
      "entries: each symbol decoded alone, the most used first; symbols: examples, reconstructions and maps of their symbols; swaps: pairs of examples with each other's symbols in the right half",
    ),
  latent: z.string().optional().describe("latent of entries and symbols (default: the last, the finest)"),
  count: z.int().min(1).max(65_536).optional().describe("entries (default 256), examples (16) or pairs (8)"),
  split: splitSetting,
});

export function define(command: Command): void {
  addRunOptions(command, { settings: codebookSettings, examples: true, output: true })
    .addHelpText(
      "after",
      `
For models whose codes are symbols, such as vq-vae. The use of symbols is counted over ${counted} examples of the split.

Examples:
  latentkit codebook runs/vq-vae-mnist-1
  latentkit codebook runs/vq-vae-mnist-1 --show symbols --count 8
  latentkit codebook runs/vq-vae-2-mnist-1 --latent top
  latentkit codebook runs/vq-vae-2-mnist-1 --show swaps --out swaps.png`,
    )
    .action(async (path: string, options: RunOptions) => {
      const settings = parseSettings(codebookSettings, givenSettings(codebookSettings, options));
      const { show, latent: named, split: wanted } = settings;
      const loaded = await optionRun(path, options, imageGridKinds);
      const { run, trained, step } = loaded;
      requireCapabilities(trained.model, ["symbols"], { where: path });
      const latents = symbolLatents(trained.model);
      const latent = named === undefined ? latents.at(-1)! : findNamed("--latent", "latent", named, latents);
      if (show === "symbols" && !(isImage(trained.shape) && latent.shape.length >= 2))
        throw new UnsupportedOpError(
          `${path}: symbols have no place in its examples, got a latent of shape [${latent.shape.join(", ")}], expected a grid of an image; --show entries and swaps need none`,
        );
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const { binarize } = readRunData(run);
      const first = (count: number) => ({ ...split, indices: split.indices.subarray(0, count) });
      const used = await exampleSymbols(trained, drawnExamples(split, counted), binarize);
      const { perplexity, usage } = codebookUse(used.counts.get(latent.name)!);
      const about = { run: path, step, data, split: splitName, show, latent: latent.name, perplexity, usage };
      const output = async (count: number) => {
        const shown = first(count);
        // Symbols of the shown examples, in the colors of all.
        const { codes } = await exampleSymbols(trained, shown, binarize);
        return { split: shown, symbols: { codes, counts: used.counts } };
      };
      const units = run.info.data;
      const file = samplesFile(path, `codebook-${show}.png`);
      if (show === "entries") {
        const { grid, symbols } = await entriesGrid(trained, {
          latent,
          counts: used.counts,
          count: settings.count ?? 256,
        });
        const title = `symbols of ${latent.name} decoded alone, the most used first; perplexity ${perplexity.toPrecision(4)} of ${latent.symbols}`;
        return finishImageGrid(grid, options, { title, file, units, details: { ...about, symbols } });
      }
      if (show === "symbols") {
        const grid = await symbolsGrid(trained, { ...(await output(settings.count ?? 16)), latent });
        const title = `examples, their reconstructions and the symbols of ${latent.name}`;
        return finishImageGrid(grid, options, { title, file, units, details: about });
      }
      const pairs = Math.min(settings.count ?? 8, Math.floor(split.indices.length / 2));
      const grid = await swapsGrid(trained, await output(2 * pairs));
      const title = `pairs, and each with the other's symbols in the right half${latents.length > 1 ? "; last at the top level alone" : ""}`;
      return finishImageGrid(grid, options, { title, file, units, details: { ...about, pairs } });
    });
}
