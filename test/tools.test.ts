import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { z } from "zod";
import { encodeNpy } from "../src/data/formats/npy.ts";
import { LatentkitError } from "../src/errors.ts";
import type { Model } from "../src/models/model.ts";
import { registry } from "../src/models/registry.ts";
import { ancestralOptions, samplerOf } from "../src/models/sampler.ts";
import { writeFileAtomic } from "../src/node/files/atomic-write.ts";
import { loadRun } from "../src/node/runs.ts";
import { startRun } from "../src/node/runs.ts";
import { smallConfigs } from "./small-configs.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { type CapabilityName, codeOf, lacking } from "../src/evaluation/capabilities.ts";

// Every tool on every model: it works where the model can do what the tool needs, and else says what is missing in one line.
const folder = mkdtempSync(join(tmpdir(), "latentkit-tools-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A density of codes takes their place of the prior's. */
const codes: readonly CapabilityName[] = ["encode", "decode", "vector"];
/** Samples of the prior take the place of encoded examples. */
const samples: readonly CapabilityName[] = ["decode", "prior", "vector"];

/** Commands with what comes after the run, and the capabilities that they need, these or those. */
const tools: readonly (readonly [line: string, needs: readonly CapabilityName[], or?: readonly CapabilityName[]])[] = [
  ["sample --count 10", ["sample"]],
  ["sample --count 10 --temperature 0.5 --show samples", ["sample"]],
  ["sample --count 10 --prior gaussian --temperature 0.5", codes],
  ["sample --count 10 --prior full-gaussian --radius 2", codes],
  ["sample --count 10 --prior gmm:3", codes],
  ["sample --count 10 --prior diagonal-gmm:auto", codes],
  ["sample --count 10 --radius 2", ["decode", "standardNormal"]],
  ["reconstruct --count 4", ["reconstruct"]],
  ["denoise --count 2 --measure 4", ["denoise", "reconstruct"]],
  ["manifold --size 2", ["decode", "prior", "vector"]],
  ["manifold --size 2 --prior gaussian", codes],
  ["interpolate --steps 3", codes, samples],
  ["interpolate --steps 3 --from prior", samples],
  ["traverse --size 3", codes, samples],
  ["analogy 0 1 2", codes, samples],
  ["analogy class:3 class:5 2 4 --split train", codes],
  ["walk --count 2 --frames 2", ["decode", "prior", "vector"]],
  ["walk --count 2 --frames 2 --prior gmm:3", codes],
  ["latent", ["encode", "vector"]],
  ["encode --take sample", ["encode", "vector"]],
  ["decode", ["decode", "vector"]],
  ["invert --count 2 --steps 2 --starts 2", ["decode", "vector"]],
  ["evaluate --count 10 --samples 2", []],
  ["score --count 10 --samples 2 --prior gaussian", []],
  ["report", []],
];

/** Tools that take the codes of a bijection, such as a diffusion model's by its ODE, where a model has no others. */
const ofBijections = new Set([
  "reconstruct --count 4",
  "interpolate --steps 3",
  "interpolate --steps 3 --from prior",
  "analogy 0 1 2",
  "encode --take sample",
]);

/** The options of a model's sampler, or of ancestral sampling, whose flags any run without a sampler has. */
function optionsOf(model: Model): object {
  const options = samplerOf(model)?.options ?? ancestralOptions;
  return options instanceof z.ZodObject ? options.shape : {};
}

async function latentkit(name: string, args: readonly string[]): Promise<void> {
  const command = new Command(name).exitOverride();
  const { define } = (await import(`../src/cli/commands/${name}.ts`)) as {
    define: (command: Command, args: readonly string[]) => void | Promise<void>;
  };
  await define(command, args);
  await command.parseAsync(args, { from: "user" });
}

describe.each(registry.map((definition) => [definition.name, definition] as const))("%s", (_, definition) => {
  const run = join(folder, definition.name);
  const file = join(folder, `${definition.name}.npy`);
  let model: Model;
  let said: MockInstance<typeof console.log>;
  beforeAll(async () => {
    const settings = { steps: 4, batchSize: 20, device: "cpu" as const, threads: 1 };
    const config = smallConfigs[definition.name] ?? {};
    const request = { definition, config, settings, data: "digits:100", binarize: "auto" as const, seed: 3 };
    const training = await startRun(request, { out: run });
    for await (const _ of training.train());
    await training.close();
    const loaded = await loadRun(run, await cpuDevice(1));
    ({ model } = loaded.trained);
    const { shape = [] } = codeOf(model) ?? {};
    await writeFileAtomic(file, encodeNpy([3, ...shape], new Float32Array(shape.reduce((a, b) => a * b, 3))));
    await loaded.trained.store.release();
    await loaded.run.close();
  });
  beforeEach(() => {
    said = vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => said.mockRestore());

  test.each(tools.map(([line, needs, or = needs]) => [line, needs, or] as const))("%s", async (line, needs, or) => {
    const [name, ...flags] = line.split(" ") as [string, ...string[]];
    if (name === "decode") flags.unshift(file);
    const encodes = model.encode !== undefined && !flags.includes("prior");
    const unconditioned = ["manifold", "decode", ...(encodes ? [] : ["interpolate", "traverse", "analogy"])];
    if (model.condition?.required && unconditioned.includes(name)) flags.push("--label", "3");
    // Without codes, likelihood or reconstructions a model has samples alone to be judged by, which are to be asked for.
    const judging = ["validation", "encode", "reconstruct", "likelihood"] as const;
    const judged =
      !["evaluate", "score"].includes(name) || judging.some((each) => lacking(model, [each]) === undefined);
    // A sampler without a temperature has no flag for it.
    const flagless = line.includes("--temperature") && !("temperature" in optionsOf(model));
    const bijective = model.bijection !== undefined && ofBijections.has(line);
    const able = judged && !flagless && (bijective || [needs, or].some((these) => lacking(model, these) === undefined));
    const done = latentkit(name, [run, ...flags, "--threads", "1", "--json"]);
    if (able) {
      await done;
      expect(said).toHaveBeenCalledOnce();
      return;
    }
    const error: unknown = await done.catch((thrown: unknown) => thrown);
    if (flagless) return expect((error as Error).message).toBe("error: unknown option '--temperature'");
    expect(error).toBeInstanceOf(LatentkitError);
    expect((error as Error).message).toMatch(/^[^\n]+: [^\n]+, got [^\n]+, expected [^\n]+$/);
  });
});

test.each([
  ["vae", "vamp"],
  ["cvae", "mixture"],
])(
  "%s: a walk with the learned prior %s passes through samples of it, where no radius is defined",
  async (name, prior) => {
    const definition = registry.find((one) => one.name === name)!;
    const run = join(folder, `learned-${name}`);
    const config = { prior, components: 10, latentDim: 2, hiddenDims: [16] };
    const settings = { steps: 2, batchSize: 20, device: "cpu" as const, threads: 1 };
    const request = { definition, config, settings, data: "digits:100", binarize: "auto" as const, seed: 3 };
    const training = await startRun(request, { out: run });
    for await (const _ of training.train());
    await training.close();
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    const walk = async (file: string): Promise<Float32Array> => {
      await latentkit("walk", [run, "--count", "3", "--frames", "4", "--out", file, "--threads", "1"]);
      const bytes = readFileSync(file);
      // The header's length stands at byte 8 of a .npy file of version 1.
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 10 + bytes.readUInt16LE(8)));
    };
    try {
      const file = join(folder, `${name}-walk.npy`);
      const films = await walk(file);
      const loaded = await loadRun(run, await cpuDevice(1));
      const { trained } = loaded;
      // Four frames are the four samples: [walks, samples] of the model, [frames, walks] in the film.
      const labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
      const given = trained.model.condition ? trained.given({ class: labels }) : trained;
      // The file is in the units of the data: digits are bytes from 0 to 255.
      const pictures = (await given.decode(await given.samplePrior(12))).map((intensity) => 255 * intensity);
      const size = pictures.length / 12;
      for (let walker = 0; walker < 3; walker++)
        for (let frame = 0; frame < 4; frame++)
          expect(films.slice((frame * 3 + walker) * size).slice(0, size)).toEqual(
            pictures.slice((walker * 4 + frame) * size).slice(0, size),
          );
      await loaded.trained.store.release();
      await loaded.run.close();
      await expect(latentkit("sample", [run, "--radius", "2"])).rejects.toThrow(
        /--radius is a distance in a standard normal space, got a model with another p\(z\), expected [^\n]+$/,
      );
    } finally {
      said.mockRestore();
    }
  },
);
