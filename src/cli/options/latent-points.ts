/** The points of a latent space that commands work on: encoded examples, samples of the prior, or codes of a file. */
import { z } from "zod";
import { readNpy } from "../../data/formats/read-npy.ts";
import type { Split, SplitName } from "../../data/split.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { has, orBijection, requireCapabilities } from "../../evaluation/capabilities.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { openFile } from "../../node/data/open-file.ts";
import { decodedPoints, encodedPoints, type LatentPoints } from "../../runs/codes/latent-points.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { quoted } from "../../serialization/quoted.ts";
import { type ExampleOptions, optionExamples, pickedExamples, splitSetting } from "./run-examples.ts";

export const pointSettings = {
  from: z
    .string()
    .min(1)
    .optional()
    .describe(
      "points: examples, encoded; prior, samples of p(z); or a .npy file of codes, such as latentkit invert writes (default: examples, of a model that does not encode prior)",
    ),
  seed: z.int().min(0).default(0).describe("random seed of the samples of --from prior"),
  split: splitSetting,
};

export interface PointOptions {
  readonly from?: string | undefined;
  readonly seed: number;
  readonly split?: SplitName | undefined;
}

/** Points by their place, and where they are from. */
export interface PointSource {
  /** The examples, of --from examples. */
  readonly split?: Split;
  /** Of --from FILE. */
  readonly count?: number;
  /** The points at these places. Throws ConfigError naming `option` for one that there is not. */
  pick(places: readonly number[], option: string): Promise<LatentPoints>;
  /** For --json. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Samples of a prior, of which a place names one. */
const samples = 10_000;

/** The points that --from names. Throws UnsupportedOpError where the model lacks what it takes, DataError for a file of other codes. */
export async function optionPoints(
  loaded: LoadedRun,
  options: ExampleOptions,
  { from: wanted, seed, split }: PointOptions,
): Promise<PointSource> {
  const { run, trained } = loaded;
  const { model } = trained;
  const where = run.path;
  const encodes = has(model, "encode") || model.bijection !== undefined;
  const from = wanted ?? (encodes ? "examples" : "prior");
  if (from === "examples") {
    requireCapabilities(model, orBijection(model, ["encode", "decode", "vector"]), { where });
    const found = await optionExamples(loaded, options, split);
    return {
      split: found.split,
      pick: (places, option) => encodedPoints(trained, pickedExamples(found.split, places, option)),
      details: { from, data: found.data, split: found.splitName },
    };
  }
  const without = options.data === undefined ? (split === undefined ? undefined : "--split") : "--data";
  if (without !== undefined)
    throw new ConfigError(
      `${without}: no examples are encoded, got points from ${quoted(from)}, expected ${encodes ? "--from examples" : "none; latentkit invert finds codes of examples, for --from FILE.npy"}`,
    );
  if (from === "prior") {
    requireCapabilities(model, orBijection(model, ["decode", "vector"]), { where });
    requireCapabilities(model, orBijection(model, ["prior"]), {
      where,
      remedy: "--from examples, or --from FILE.npy with codes",
    });
    return {
      pick: async (places, option) => {
        const most = refuseBeyond(places, samples, option);
        return decodedPoints(trained, rowsOf(trained, await trained.samplePrior(most + 1, { seed }), places));
      },
      details: { from, seed },
    };
  }
  if (!from.endsWith(".npy"))
    throw new ConfigError(
      `--from: unknown points, got ${quoted(from)}, expected examples, prior or a .npy file of codes`,
    );
  const codes = await readCodes(from, trained);
  const count = codes.length / trained.latentDim;
  return {
    count,
    pick: async (places, option) => {
      refuseBeyond(places, count, option);
      return decodedPoints(trained, rowsOf(trained, codes, places));
    },
    details: { from },
  };
}

/** Codes of a .npy file, [count, latentDim]. Throws DataError for one that holds something else. */
export async function readCodes(path: string, { latentDim }: TrainedModel): Promise<Float32Array> {
  const file = await openFile(path);
  if (!file) throw new DataError(`${path}: no such file, got nothing to read, expected a .npy file of codes`);
  const array = await readNpy(file);
  const wrong = array.shape.length !== 2 || array.shape[1] !== latentDim;
  if (wrong)
    throw new DataError(
      `${path}: not codes of this model, got shape [${array.shape.join(", ")}], expected [count, ${latentDim}]`,
    );
  const codes = Float32Array.from(array.values);
  if (!codes.every(Number.isFinite)) throw new DataError(`${path}: a code is not finite, expected numbers`);
  return codes;
}

/** The largest of the places. Throws ConfigError for one beyond `count`. */
function refuseBeyond(places: readonly number[], count: number, option: string): number {
  const most = Math.max(...places);
  if (most < count) return most;
  throw new ConfigError(`${option}: no such point, got ${most}, expected 0 to ${count - 1}`);
}

const rowsOf = ({ latentDim }: TrainedModel, codes: Float32Array, places: readonly number[]): Float32Array => {
  const rows = new Float32Array(places.length * latentDim);
  places.forEach((place, i) => rows.set(codes.subarray(place * latentDim, (place + 1) * latentDim), i * latentDim));
  return rows;
};
