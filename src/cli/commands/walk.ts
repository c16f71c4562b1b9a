import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { requiredFields } from "../../models/conditioning.ts";
import { toDataUnits } from "../../data/arrays/units.ts";
import type { Command } from "commander";
import { z } from "zod";
import { encodeNpy } from "../../data/formats/npy.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { closedWalk, walkBetween } from "../../latent/walk.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import { type Stream, stream } from "../../random/index.ts";
import { checkKind, filmKinds, samplesFile, writeFilm } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { checkPrior, mixtureOf, optionPrior, priorSetting } from "../options/run-prior.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { print, printJson } from "../output/terminal.ts";

const walkSettings = z.strictObject({
  count: z.int().positive().max(400).default(16).describe("walks side by side"),
  frames: z.int().min(2).max(2000).default(90).describe("steps of a walk; the last leads back to the first"),
  fps: z.number().min(1).max(50).default(15).describe("frames per second"),
  scale: z.int().positive().max(16).default(2).describe("magnification of an image"),
  seed: z.int().min(0).default(0).describe("random seed"),
  prior: priorSetting,
});
/** Samples of a learned p(z) that a walk passes through. */
const stops = 4;
const kinds = [...filmKinds, ".npy"] as const;

export function define(command: Command): void {
  addRunOptions(command, { settings: walkSettings, condition: true })
    .option(
      "--out <file>",
      "file to write: an animation (.gif, .webp) or an array (.npy); default: walk.gif, or an array where examples have no picture, in the run's samples/",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The codes of a walk are distributed as the prior, so that every frame is a typical sample. If the prior is learned, a
walk interpolates between samples of it. A .npy file holds [frames, walks, ...shape].

Examples:
  latentkit walk runs/vae-digits-1
  latentkit walk runs/ae-digits-1 --prior gmm:10 --count 25 --frames 120 --out walk.gif`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { prior, ...settings } = parseSettings(walkSettings, givenSettings(walkSettings, options));
      const { count, frames, fps, scale, seed } = settings;
      checkPrior(prior);
      const loaded = await optionRun(path, options, kinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, ["decode", "vector"], { where: path });
      const { picture } = kindOf(trained.kind);
      const file = options.out ?? samplesFile(path, picture ? "walk.gif" : "walk.npy");
      const { latentDim, shape, model } = trained;
      const from = await optionPrior(loaded, prior, options);
      // A walk of a class-conditional model keeps its own class; the classes take turns.
      const field = requiredFields(model).find(({ kind }) => kind === "class");
      const classes = field?.kind === "class" && !trained.isGiven ? field.classes.length : undefined;
      const labels = Array.from({ length: count }, (_, walker) => walker % (classes ?? 1));
      const given = classes === undefined ? trained : trained.given({ class: labels });
      const ofStops =
        classes === undefined
          ? trained
          : trained.given({ class: labels.flatMap((label) => Array.from({ length: stops }, () => label)) });
      const between = from ? new Float32Array() : await ofStops.samplePrior(stops * count, { seed });
      const stopValues = stops * latentDim;
      const codes = new Float32Array(frames * count * latentDim);
      for (let walker = 0; walker < count; walker++) {
        const walk = from
          ? walkIn(mixtureOf(from), frames, stream(seed, "walk", walker))
          : walkBetween(between.subarray(walker * stopValues, (walker + 1) * stopValues), latentDim, frames);
        for (let frame = 0; frame < frames; frame++)
          codes.set(walk.subarray(frame * latentDim, (frame + 1) * latentDim), (frame * count + walker) * latentDim);
      }
      const decoded = await given.decode(codes);
      const isArray = checkKind(file, kinds) === ".npy";
      // Images are shown by their intensities, everything else is in the units of the data.
      const values = isArray || picture?.form === "plot" ? toDataUnits(loaded.run.info.data, decoded) : decoded;
      const of = { count, columns: Math.ceil(Math.sqrt(count)), shape, kind: trained.kind };
      const size = values.length / frames;
      if (isArray) await writeFileAtomic(file, encodeNpy([frames, count, ...shape], values));
      else {
        const film = Array.from({ length: frames }, (_, frame) => {
          const set = values.subarray(frame * size, (frame + 1) * size);
          // A plot keeps its scale from frame to frame.
          return gridRaster({ ...of, sets: [set], scaleOf: values }, { scale });
        });
        await writeFilm(file, film, { frameMs: 1000 / fps });
      }
      const details = {
        run: path,
        step,
        ...settings,
        prior: from?.fit,
        label: options.label,
        condition: options.condition,
      };
      if (options.json) printJson({ file, shape: [frames, count, ...shape], ...details });
      else print(`${count} walks of ${frames} frames: ${file}`);
    });
}

/** A walk in one component of a density, [frames, dim]. */
function walkIn(density: GaussianMixture, frames: number, random: Stream): Float32Array {
  const { dim } = density;
  const component = density.sampleComponent(random);
  const walk = closedWalk(dim, frames, random);
  for (let at = 0; at < walk.length; at += dim) walk.set(density.place(component, walk.subarray(at, at + dim)), at);
  return walk;
}
