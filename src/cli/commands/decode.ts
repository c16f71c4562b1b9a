import type { Command } from "commander";
import { readNpy } from "../../data/formats/read-npy.ts";
import { DataError } from "../../errors.ts";
import { openFile } from "../../node/data/open-file.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
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
      const { latentDim, shape } = trained;
      const file = await openFile(codes);
      if (!file) throw new DataError(`${codes}: no such file, got nothing to read, expected a .npy file of codes`);
      const array = await readNpy(file);
      const wrong = array.shape.length !== 2 || array.shape[1] !== latentDim;
      if (wrong)
        throw new DataError(
          `${codes}: not codes of this model, got shape [${array.shape.join(", ")}], expected [count, ${latentDim}]`,
        );
      const z = Float32Array.from(array.values);
      if (!z.every(Number.isFinite)) throw new DataError(`${codes}: a code is not finite, expected numbers`);
      const count = array.shape[0]!;
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
