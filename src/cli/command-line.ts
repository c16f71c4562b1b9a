import { Command } from "commander";
import { version } from "../version.ts";
import { withoutAliases } from "./options/aliases.ts";
import { reportError } from "./output/report-error.ts";

/** The commands, each loaded only when it runs, to keep start-up short. */
const commands: readonly (readonly [
  name: string,
  summary: string,
  load: () => Promise<{ readonly define: (command: Command, args: readonly string[]) => void | Promise<void> }>,
])[] = [
  ["train", "train a model on data", () => import("./commands/train.ts")],
  ["sample", "sample new examples from a trained model", () => import("./commands/sample.ts")],
  ["reconstruct", "show examples and their reconstructions", () => import("./commands/reconstruct.ts")],
  ["denoise", "corrupt examples and denoise them, with the PSNR", () => import("./commands/denoise.ts")],
  ["edit", "edit examples: image to image and inpainting", () => import("./commands/edit.ts")],
  ["impute", "sample missing values of a table given the others", () => import("./commands/impute.ts")],
  ["complete", "sample the rest of examples, given a part", () => import("./commands/complete.ts")],
  ["upscale", "make images of smaller ones: super-resolution", () => import("./commands/upscale.ts")],
  ["translate", "examples of one kind to those of another, by a flow", () => import("./commands/translate.ts")],
  ["manifold", "decode a grid over two latent dimensions", () => import("./commands/manifold.ts")],
  ["interpolate", "interpolate between examples in latent space", () => import("./commands/interpolate.ts")],
  ["traverse", "latent traversals: vary one latent dimension at a time", () => import("./commands/traverse.ts")],
  ["analogy", "latent arithmetic: decode c + (a - b)", () => import("./commands/analogy.ts")],
  ["walk", "animate a walk through the latent space", () => import("./commands/walk.ts")],
  ["latent", "latent dimensions: active units, KL and variances", () => import("./commands/latent.ts")],
  [
    "codebook",
    "codes that are symbols: each one decoded, where examples have them",
    () => import("./commands/codebook.ts"),
  ],
  ["levels", "what of examples each level of a hierarchy holds", () => import("./commands/levels.ts")],
  ["score", "anomaly scores of examples", () => import("./commands/score.ts")],
  ["encode", "encode examples: write their codes to a file", () => import("./commands/encode.ts")],
  ["invert", "find codes of examples by optimization", () => import("./commands/invert.ts")],
  ["decode", "decode codes from a file", () => import("./commands/decode.ts")],
  ["evaluate", "evaluate a run: likelihood, active units, rate and others", () => import("./commands/evaluate.ts")],
  ["compare", "train models and compare them in one table", () => import("./commands/compare.ts")],
  ["solvers", "quality of samples against passes of the network", () => import("./commands/solvers.ts")],
  ["metrics", "list the metrics of evaluate, or train a feature extractor", () => import("./commands/metrics.ts")],
  ["search", "hyperparameter search on the validation split", () => import("./commands/search.ts")],
  ["reproduce", "reproduce a table of a paper", () => import("./commands/reproduce.ts")],
  ["report", "write the report of a run, one HTML file", () => import("./commands/report.ts")],
  ["serve", "serve runs over HTTP", () => import("./commands/serve.ts")],
  ["export", "export a run: ONNX, safetensors and a model card", () => import("./commands/export.ts")],
  ["models", "list the models, or show one model's settings", () => import("./commands/models.ts")],
  ["data", "list, fetch or show data sources", () => import("./commands/data.ts")],
  ["doctor", "check which devices this machine has", () => import("./commands/doctor.ts")],
];

/** Runs one command to its end; what goes wrong is printed, and becomes the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    await runCommand(withoutAliases(args));
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

async function runCommand(args: readonly string[]): Promise<void> {
  const program = new Command("latentkit")
    .description("Deep generative models: train on your data, sample, evaluate.")
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
