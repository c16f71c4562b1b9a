import type { Command } from "commander";
import { orBijection, requireCapabilities } from "../../evaluation/capabilities.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { readCodes } from "../options/latent-points.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";

export function define(command: Command): void {
  addRunOptions(command, { output: true, condition: true })
    .argument("<codes>", "a .npy file of codes, [count, latentDim]")
    .addHelpText(
      "after",
      `
Examples:
  latentkit decode runs/vae-digits-1 codes.npy
  latentkit decode runs/vae-digits-1 codes.npy --out examples.npy`,
    )
    .action(async (path: string, codes: string, options: RunOptions) => {
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, orBijection(trained.model, ["decode", "vector"]), { where: path });
      const { latentDim, shape } = trained;
      const z = await readCodes(codes, trained);
      const count = z.length / latentDim;
      const grid = {
        sets: [await trained.decode(z)],
        count,
        columns: Math.ceil(Math.sqrt(count)),
        shape,
        kind: trained.kind,
      };
      await finishImageGrid(grid, options, {
        title: "decoded codes",
        file: samplesFile(path, "decoded.png"),
        units: loaded.run.info.data,
        details: { run: path, step, codes, label: options.label, condition: options.condition },
      });
    });
}
