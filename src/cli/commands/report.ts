import type { Command } from "commander";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { reportPage, writeReport } from "../../runs/reports/run-report.ts";
import { checkKind } from "../output/write-output.ts";
import { addDeviceOptions, type DeviceOptions, optionRun } from "../options/run-command.ts";
import { print, printJson } from "../output/terminal.ts";

export function define(command: Command): void {
  addDeviceOptions(command.argument("<run>", "folder of a run"))
    .option("--out <file>", "file to write (.html); default: report.html in the run")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Training writes a report at its end; this command rewrites it, also for a run that is still training.

Examples:
  latentkit report runs/vae-digits-1
  latentkit report runs/vae-digits-1 --checkpoint best --out best.html`,
    )
    .action(
      async (path: string, { out, ...options }: DeviceOptions & { readonly out?: string; readonly json?: boolean }) => {
        if (out !== undefined) checkKind(out, [".html"]);
        const loaded = await optionRun(path, options);
        const { step } = loaded;
        const file = out ?? (await writeReport(loaded));
        if (out !== undefined) await writeFileAtomic(out, await reportPage(loaded));
        if (options.json) printJson({ file, run: path, step });
        else print(`report: ${file}`);
      },
    );
}
