import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LatentkitError } from "../errors.ts";
import { findModel } from "../models/registry.ts";
import { variables } from "../nn/module.ts";
import type { JsonObject, JsonValue } from "../serialization/json.ts";
import { nodePlatform } from "../node/platform.ts";
import { MemoryStore } from "./storage/memory-store.ts";
import { parseRunInfo, runDataSpec, runInfoText } from "./run-info.ts";
import { trainingSettings } from "../training/settings.ts";
import { splitSpec } from "../data/split-spec.ts";
import { openDataSource } from "../node/data/source.ts";
import { Run } from "./run.ts";
import { openDataLike, readRunSpec } from "./run-spec.ts";

const text = runInfoText({
  model: "vae",
  config: JSON.parse(JSON.stringify(findModel("vae").config.parse({}))) as JsonObject,
  training: JSON.parse(JSON.stringify(trainingSettings.parse({}))) as JsonObject,
  data: {
    source: "digits",
    options: { binarize: "dynamic" },
    fingerprint: "00ff",
    kind: "image",
    shape: [1, 28, 28],
    size: 1000,
    examples: 900,
    range: [0, 255],
    fields: [{ name: "class", kind: "class", classes: ["0", "1"] }],
  },
  seed: 0,
  latentkit: "0.1.0",
  versions: { node: "20.20.2", onnxruntime: "1.30.0" },
  device: "the CPU",
  created: "2026-01-01T00:00:00.000Z",
  command: ["train", "vae"],
});

const store = new MemoryStore("run");

/** Opens a run as far as its weights' names and shapes. */
async function opened(runJson: string): Promise<void> {
  const info = parseRunInfo(runJson, "run.json");
  const { definition, config } = await readRunSpec({ info, store }, nodePlatform);
  variables(definition.build(config, runDataSpec(info)));
}
/** Nothing but an error of one line for the person. */
async function refusedPlainly(runJson: string): Promise<void> {
  try {
    await opened(runJson);
  } catch (error) {
    expect(error).toBeInstanceOf(LatentkitError);
  }
}

test("a valid run.json opens", () => opened(text));

test("whatever value stands in a field of run.json, it opens or is refused plainly", async () => {
  const paths: (readonly string[])[] = [];
  const walk = (value: JsonValue, path: readonly string[]): void => {
    if (path.length > 0) paths.push(path);
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
  };
  walk(JSON.parse(text) as JsonValue, []);
  const odd = fc.oneof(
    fc.constantFrom<JsonValue>(
      0,
      1,
      2,
      -1,
      0.5,
      1e308,
      2 ** 53,
      "",
      "vae",
      "conv",
      "gaussian-diagonal",
      null,
      true,
      [],
    ),
    fc.constantFrom<JsonValue>([1], [784], [1, 1, 1], [3, 2 ** 40, 2 ** 40], [2 ** 53 - 1, 2 ** 53 - 1], [4, 4, 4, 4]),
    fc.jsonValue().map((value) => value as JsonValue),
  );
  const change = fc.record({ path: fc.constantFrom(...paths), value: odd });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const file = JSON.parse(text) as Record<string, unknown>;
      for (const { path, value } of changes) {
        let holder: unknown = file;
        for (const key of path.slice(0, -1)) holder = (holder as Record<string, unknown> | null)?.[key];
        if (typeof holder === "object" && holder !== null)
          (holder as Record<string, unknown>)[path.at(-1)!] = structuredClone(value);
      }
      await refusedPlainly(JSON.stringify(file));
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test("however its bytes are damaged, it opens or is refused plainly", async () => {
  const edit = fc.record({ at: fc.nat(text.length), remove: fc.nat(30), insert: fc.string({ maxLength: 6 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      await refusedPlainly(
        edits.reduce((t, { at, remove, insert }) => t.slice(0, at) + insert + t.slice(at + remove), text),
      );
    }),
    { numRuns: 1000, seed: 1 },
  );
});

test("other data of a run have its classes, whichever of them occur there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-like-"));
  try {
    const write = (name: string, kinds: readonly string[]): string => {
      const path = join(folder, name);
      writeFileSync(path, `size,kind\n${kinds.map((kind, i) => `${i},${kind}\n`).join("")}`);
      return path;
    };
    const kinds = Array.from({ length: 30 }, (_, i) => "abc"[i % 3]!);
    const options = { condition: "kind" };
    const { train } = await openDataSource(write("all.csv", kinds), options);
    const { kind, shape, range } = splitSpec(train);
    const info = parseRunInfo(text, "run.json");
    const run = await Run.create(new MemoryStore("like"), {
      ...info,
      data: {
        source: "all.csv",
        options: { ...options, binarize: "none" },
        fingerprint: "00ff",
        ...structuredClone({ kind, shape: [...shape], range: range && [...range] }),
        columns: [...train.dataset.columns!],
        fields: [{ name: "class", kind: "class", classes: ["a", "b", "c"] }],
      },
    });
    const other = await openDataLike(
      run,
      nodePlatform,
      write(
        "some.csv",
        kinds.map(() => "b"),
      ),
    );
    expect(other.train.dataset.classNames).toEqual(["a", "b", "c"]);
    expect(new Set(other.train.dataset.labels)).toEqual(new Set([1]));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
