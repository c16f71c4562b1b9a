import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../src/data/dataset.ts";
import { createDataSource, type DataSource, split } from "../src/data/split.ts";
import { bitsPerDimensionMetric } from "../src/evaluation/metrics/bits-per-dimension.ts";
import type { MetricContext, MetricReport } from "../src/evaluation/metrics/metric.ts";
import { drain } from "../src/evaluation/samples/sampling.ts";
import { findModel } from "../src/models/registry.ts";
import { nodePlatform } from "../src/node/platform.ts";
import { loadRun, type LoadedRun } from "../src/runs/load-run.ts";
import type { Platform } from "../src/runs/platform.ts";
import { startRun } from "../src/runs/start-run.ts";
import { memoryStores } from "../src/runs/storage/memory-store.ts";
import { noTrackers } from "../src/runs/tracking/tracking.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { follow } from "./follow-training.ts";

// Models of symbols, such as codes of a run: from the data to samples of what was trained, given the symbols of a smaller grid.
const platform: Platform = { ...nodePlatform, openStore: memoryStores(), trackers: noTrackers };

const [size, side, symbols, topSymbols] = [600, 4, 6, 3];
/** Two binary digits of an example's number for each quarter: which of the symbols above it has. */
const topOf = (i: number, quarter: number): number => Math.floor((i * 37) / topSymbols ** quarter) % topSymbols;
/** Of each place one of two symbols, which the symbol above it says, by a coin. */
const symbolOf = (i: number, row: number, column: number): number => {
  const coin = ((i + 1) * (row * side + column + 1) * 7919) % 101 < 50 ? 0 : 1;
  return 2 * topOf(i, 2 * Math.floor(row / 2) + Math.floor(column / 2)) + coin;
};
const entropy = side * side * Math.LN2;

describe.each([["pixelcnn", { width: 8, depth: 2, firstKernel: 3, hidden: 16, embedding: 6, dropout: 0 }]])(
  "%s",
  (name, config) => {
    let run: LoadedRun;
    let source: DataSource;
    let nll: number;
    beforeAll(async () => {
      const dataset = await createDataset({
        name: "symbols",
        description: "",
        kind: "codes",
        shape: [side, side],
        size,
        values: Float32Array.from({ length: size * side * side }, (_, at) => {
          const place = at % (side * side);
          return symbolOf(Math.floor(at / (side * side)), Math.floor(place / side), place % side);
        }),
        range: null,
        symbols,
        fields: {
          top: {
            kind: "numbers",
            shape: [2, 2],
            symbols: topSymbols,
            values: Float32Array.from({ length: size * 4 }, (_, at) => topOf(at >> 2, at % 4)),
          },
        },
      });
      const parts = split(dataset, { validation: 60, test: 60, seed: 1 });
      source = await createDataSource({ ...parts, name: "symbols", description: "" });
      const request = {
        definition: findModel(name),
        config: { ...config, fields: ["top"] },
        settings: { steps: 250, batchSize: 64, learningRate: 2e-2, ema: undefined, device: "cpu", threads: 1 } as const,
        data: "symbols",
        binarize: "auto" as const,
        seed: 1,
      };
      const events = await follow(await startRun(request, { out: name, source }, platform));
      const done = events.at(-1);
      if (done?.kind !== "done") throw new Error("training has not ended");
      nll = done.metrics.test["nll"]!;
      run = await loadRun(name, await cpuDevice(1), platform);
    });
    afterAll(() => run.trained.release());

    test("samples symbols, those that the grid above allows", async () => {
      const top = [0, 2, 1, 0];
      const samples = await run.trained.given({ top }).sample(64);
      const allowed = samples.filter((symbol, at) => {
        const place = at % (side * side);
        const quarter = 2 * Math.floor(place / side / 2) + Math.floor((place % side) / 2);
        return Math.floor(symbol / 2) === top[quarter];
      });
      expect(samples.every((symbol) => Number.isInteger(symbol) && symbol >= 0 && symbol < symbols)).toBe(true);
      expect(allowed.length / samples.length).toBeGreaterThan(0.95);
    });

    test("learns all that is to be known: given the grid above, a coin is left for each place", () => {
      // Of 6 symbols alike it were 28.7.
      expect(nll).toBeGreaterThan(entropy - 0.8);
      expect(nll).toBeLessThan(entropy + 1.5);
    });

    test("has bits per dimension of its symbols", async () => {
      const context = { loaded: run, split: source.test, binarize: "none", samples: 1, seed: 0 };
      // The others that metrics have are of runs with a folder.
      const given = context as unknown as MetricContext;
      expect(bitsPerDimensionMetric.lacking?.(given)).toBeUndefined();
      const progress = bitsPerDimensionMetric.evaluate(given) as AsyncGenerator<unknown, MetricReport>;
      const [found] = (await drain(progress)).results;
      expect(found!.value).toBeCloseTo(nll / side ** 2 / Math.LN2, 3);
      expect(found!.note).toBe("6 symbols, probabilities of symbols, exact");
    });
  },
);
