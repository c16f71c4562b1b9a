#!/usr/bin/env node
import { Command } from "commander";
import { fileError } from "../node/files/file-error.ts";
import { version } from "../version.ts";
import { reportError } from "./output/report-error.ts";

/** The commands, each loaded only when it is asked for: start-up is what a person waits for most often. */
const commands: readonly (readonly [
  name: string,
  summary: string,
  load: () => Promise<{ readonly define: (command: Command, args: readonly string[]) => void | Promise<void> }>,
])[] = [
  ["train", "train a model on data", () => import("./commands/train.ts")],
  ["sample", "draw new examples from a run", () => import("./commands/sample.ts")],
  ["reconstruct", "show examples and what the model makes of them", () => import("./commands/reconstruct.ts")],
  ["denoise", "corrupt examples and show what the model restores", () => import("./commands/denoise.ts")],
  ["manifold", "show two dimensions of the latent space", () => import("./commands/manifold.ts")],
  ["interpolate", "go from one example to another", () => import("./commands/interpolate.ts")],
  ["traverse", "move one dimension of a code after the other", () => import("./commands/traverse.ts")],
  ["analogy", "add what sets a apart from b to c", () => import("./commands/analogy.ts")],
  ["walk", "walk through the latent space, as a film", () => import("./commands/walk.ts")],
  ["latent", "say what each unit of the code does", () => import("./commands/latent.ts")],
  ["score", "score how unlike the training examples each example is", () => import("./commands/score.ts")],
  ["encode", "write the codes of examples", () => import("./commands/encode.ts")],
  ["decode", "show what codes decode to", () => import("./commands/decode.ts")],
  ["evaluate", "measure a run: likelihood, active units, parts of the rate", () => import("./commands/evaluate.ts")],
  ["compare", "train models, and show them side by side", () => import("./commands/compare.ts")],
  ["metrics", "list what evaluate measures, or train a feature extractor", () => import("./commands/metrics.ts")],
  ["search", "try settings of a model, and mark the best", () => import("./commands/search.ts")],
  ["reproduce", "run a published table again", () => import("./commands/reproduce.ts")],
  ["report", "write what a run is and how it went as one HTML file", () => import("./commands/report.ts")],
  ["models", "list the models, or one model's settings", () => import("./commands/models.ts")],
  ["data", "list data sources, or show one", () => import("./commands/data.ts")],
  ["doctor", "say what this machine offers and what is missing", () => import("./commands/doctor.ts")],
];

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("latentkit")
    .description("Learns the distribution of your data and generates more of it.")
    .version(version, "-V, --version", "print the version")
    .addHelpText(
      "after",
      `
Examples:
  latentkit train vae --data digits --epochs 10
  latentkit sample runs/vae-digits-1 --count 100 --out samples.png
  latentkit models vae

Every command has --help and --json.`,
    );
  const wanted = args.find((argument) => commands.some(([name]) => name === argument));
  for (const [name, summary, load] of commands) {
    const command = program.command(name).description(summary);
    if (name === wanted) await (await load()).define(command, args);
  }
  quiet(program);
  if (args.length === 0) return program.outputHelp();
  await program.parseAsync(args, { from: "user" });
}

/** Commander's own errors are thrown, to be reported like every other. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  command.commands.forEach(quiet);
}

for (const name of ["stdout", "stderr"] as const)
  process[name].on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no error.
    process.exit(error.code === "EPIPE" ? 0 : reportError(fileError(error, name, "write")));
  });

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}
