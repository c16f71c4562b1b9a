import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { writeFolderAtomic } from "../../node/files/atomic-write.ts";
import { exportFiles, layouts } from "../../runs/export/export-files.ts";
import { addDeviceOptions, type DeviceOptions, optionRun } from "../options/run-command.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print, printJson } from "../output/terminal.ts";

const settings = z.strictObject({
  out: z.string().min(1).max(1000).optional().describe("folder to make (default: export in the run)"),
  layout: z
    .enum(layouts)
    .default("files")
    .describe("files: ONNX files beside each other; triton: a model repository of Triton and KServe"),
});

export function define(command: Command): void {
  addDeviceOptions(addSettings(command.argument("<run>", "folder of a run"), settings))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Writes each function of the model as ONNX with its weights inside and any batch size: encoder, decoder, log_prob, classifier, discriminator, and the
sampler, as one graph or as start, step and finish, with its noise as inputs. latentkit.json says what they take and how to sample; beside it are the
weights as safetensors and a model card (README.md). Needed to use them is an ONNX Runtime alone, in any language.

Examples:
  latentkit export runs/vae-digits-1
  latentkit export runs/vae-digits-1 --layout triton --out model-repository
  latentkit export runs/diffusion-mnist-1 --checkpoint last --out exported`,
    )
    .action(async (path: string, options: DeviceOptions & { readonly json?: boolean }) => {
      const { out = join(path, "export"), layout } = parseSettings(settings, givenSettings(settings, options));
      const { out: _, ...device }: { readonly out?: unknown } & typeof options = options;
      const there = await readdir(out).catch(() => []);
      if (there.length > 0)
        throw new ConfigError(
          `--out: there is something in the folder, got ${out} with ${there.slice(0, 3).join(", ")}, expected one that does not exist or is empty`,
        );
      const loaded = await optionRun(path, device);
      const { files, graphs } = await exportFiles(loaded, { layout });
      await writeFolderAtomic(out, files);
      const names = [...files.keys()];
      if (options.json) {
        const functions = graphs.map(({ name, batch, bytes }) => ({ name, batch, bytes: bytes.length }));
        printJson({ run: path, step: loaded.step, out, layout, files: names, functions });
      } else
        print(
          [
            table(
              graphs.map(({ name, about, batch, bytes }) => [
                name,
                about,
                batch === "any" ? "any batch" : `batches of ${batch}`,
                `${(bytes.length / 1e6).toPrecision(3)} MB`,
              ]),
            ),
            `${names.length} files: ${out}`,
          ].join("\n\n"),
        );
    });
}
