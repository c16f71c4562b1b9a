import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { cycles, importsOf, isRelative, lineAt, resolved, sources } from "./source-imports.ts";

/** Needs nothing of ours but each other. */
const foundations = [
  "printable.ts",
  "errors.ts",
  "nearest-name.ts",
  "version.ts",
  "normal-quantile.ts",
  "sha256.ts",
  "settings-schema.ts",
  "serialization",
  "linalg",
  "pictures",
];
const core = ["graph", "ops", "random", "distributions", "optim", "nn", "bijectors"];
const tools = ["data/spec.ts", "data", "kinds", "models", "latent", "metrics", "runtime", "training", "evaluation"];
/** Each layer with the layers it may import, lowest first. A layer is a folder of src, or a file where a folder spans two. */
const layers: Readonly<Record<string, readonly string[]>> = {
  "printable.ts": [],
  "errors.ts": ["printable.ts"],
  "nearest-name.ts": ["errors.ts"],
  "version.ts": [],
  "sha256.ts": [],
  "normal-quantile.ts": [],
  wasm: ["errors.ts"],
  pictures: ["errors.ts"],
  linalg: ["errors.ts"],
  serialization: ["printable.ts", "errors.ts"],
  "settings-schema.ts": ["errors.ts", "nearest-name.ts", "serialization"],
  graph: ["errors.ts"],
  // Optimizers' expressions become WebAssembly here, above the graph; random uses the encoder alone, below it.
  "wasm/elementwise.ts": ["errors.ts", "wasm", "graph"],
  random: ["errors.ts", "wasm"],
  ops: ["errors.ts", "graph"],
  onnx: ["errors.ts", "graph", "ops"],
  distributions: ["errors.ts", "graph", "ops"],
  optim: ["errors.ts", "graph", "ops"],
  nn: ["errors.ts", "graph", "ops", "random"],
  bijectors: ["errors.ts", "graph", "random", "ops", "distributions", "nn"],
  // What models are built for: all that they know of data.
  "data/spec.ts": [],
  // A model is a function from symbolic tensors to a loss: it knows no device, no data and no random stream.
  models: [
    "errors.ts",
    "nearest-name.ts",
    "normal-quantile.ts",
    "settings-schema.ts",
    "linalg",
    "graph",
    "ops",
    "distributions",
    "optim",
    "nn",
    "bijectors",
    "data/spec.ts",
  ],
  runtime: ["errors.ts", "graph", "ops", "onnx", "random"],
  latent: ["errors.ts", "normal-quantile.ts", "linalg", "random"],
  data: [
    "errors.ts",
    "nearest-name.ts",
    "sha256.ts",
    "normal-quantile.ts",
    "serialization",
    "wasm",
    "random",
    "data/spec.ts",
  ],
  // How examples of a kind are shown and written.
  kinds: ["errors.ts", "pictures", "data/spec.ts", "data"],
  metrics: ["errors.ts", "normal-quantile.ts", "wasm", "linalg", "random"],
  training: [
    "errors.ts",
    "serialization",
    "wasm/elementwise.ts",
    "graph",
    "ops",
    "optim",
    "nn",
    "data/spec.ts",
    "data",
    "models",
    "runtime",
  ],
  // What trained models do, and how well: above training, which needs no more than losses.
  evaluation: [
    ...foundations,
    ...core,
    "data/spec.ts",
    "data",
    "kinds",
    "models",
    "latent",
    "metrics",
    "runtime",
    "training",
  ],
  // Published tables: which models and settings, and what was reported. As data: no model is imported.
  reproductions: ["data", "training"],
  // Runs in a store on a platform, which are given: neither files nor processes.
  // They export models as ONNX.
  runs: [...foundations, ...core, "onnx", ...tools, "reproductions"],
  // Loaded runs over HTTP: requests and answers, no sockets.
  server: [...foundations, ...core, "onnx", ...tools, "runs"],
  "index.ts": [...foundations, ...core, ...tools],
  browser: [...foundations, ...core, ...tools, "runs"],
  node: [...foundations, ...core, "onnx", ...tools, "reproductions", "runs", "server", "browser", "index.ts"],
  cli: [...foundations, ...core, ...tools, "reproductions", "runs", "server", "node"],
};

/** Files that may import a layer above their own, with the reason. */
const upward: Readonly<Record<string, { readonly layer: string; readonly reason: string }>> = {
  "graph/tensor.ts": { layer: "ops", reason: "a tensor's infix methods are operations" },
};

/** Modules that import each other in a circle, types included, with the reason. */
const knownCycles: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  {
    reason: "a tensor's infix methods are operations, which are functions of tensors",
    files: [
      "graph/op.ts",
      "graph/tensor.ts",
      "ops/arithmetic.ts",
      "ops/comparison.ts",
      "ops/elementwise.ts",
      "ops/families.ts",
      "ops/linalg.ts",
      "ops/movement.ts",
      "ops/reduction.ts",
      "ops/softplus-sum.ts",
    ],
  },
  {
    reason: "types alone: a model may have a sampler, and how a model samples is told from all of it",
    files: ["models/model.ts", "models/sampler.ts"],
  },
];

/** Packages with one place to be imported from; zod, fast-png and commander validate, encode and parse wherever that is done. */
const packagePlaces: Readonly<Record<string, RegExp>> = {
  "onnxruntime-node": /^runtime\/node\.ts$/,
  "onnxruntime-web": /^runtime\/web\.ts$/,
  "onnxruntime-common": /^runtime\//,
  commander: /^cli\//,
  sharp: /^node\/(data\/images\/image-decoder|files\/webp-film)\.ts$/,
  "csv-parse": /^node\/data\/tables\/table\.ts$/,
  hyparquet: /^node\/data\/tables\/parquet(-footer|-pages|-types|-values)?\.ts$/,
  "hyparquet-compressors": /^node\/data\/tables\/parquet-pages\.ts$/,
  gifenc: /^pictures\/gif\.ts$/,
  "@noble/hashes": /^sha256\.ts$/,
  jiti: /^node\/load-model-file\.ts$/,
};
const nodeFiles = /^(node|cli)\/|^runtime\/node\.ts$/;
const browserFiles = /^browser\//;
const domGlobals = ["window", "document", "navigator", "HTMLElement", "localStorage"];

const longestFile = 300;
/** Files longer than that, with the reason. */
const longFiles: Readonly<Record<string, string>> = {
  "ops/reduction.ts": "reductions share their axes, and stand beside the forms WebGPU needs",
  "ops/movement.ts": "the ops that only move elements share their index arithmetic",
};

const mostFiles = 16;
/** Folders with more files than that, tests and the index aside, with the reason. */
const largeFolders: Readonly<Record<string, string>> = {
  ops: "a family of operations a file",
  distributions: "a distribution a file",
  nn: "a layer a file",
  "evaluation/metrics": "a metric a file",
  "cli/commands": "a command a file",
};

const layerOf = (file: string): string => (layers[file] ? file : file.split("/")[0]!);
const packageOf = (target: string): string =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");

/** Every import that `wrong` objects to, as `file:line imports target: reason`. */
function violations(wrong: (file: string, target: string) => string | undefined): string[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap(({ target, line }) => {
      const reason = wrong(source.file, target);
      return reason ? [`src/${source.file}:${line} imports ${target}: ${reason}`] : [];
    }),
  );
}

describe("layers", () => {
  test("the table itself only points down", () => {
    const order = Object.keys(layers);
    for (const [layer, lower] of Object.entries(layers))
      for (const below of lower)
        expect(order.indexOf(below), `${layer} -> ${below}`).toBeLessThan(order.indexOf(layer));
  });

  test("imports are found in every form", () => {
    const text = [
      'import a from "./a.ts";',
      "import {",
      "  type B,",
      "  c,",
      '} from "../b.ts";',
      'export * from "./c.ts";',
      'export type { D } from "./d.ts";',
      'import "./e.ts";',
      'const f = await import("f/g");',
      'export const from = "no";',
    ].join("\n");
    expect(importsOf({ file: "x.ts", text })).toEqual([
      { target: "./a.ts", line: 1, dynamic: false },
      { target: "../b.ts", line: 2, dynamic: false },
      { target: "./c.ts", line: 6, dynamic: false },
      { target: "./d.ts", line: 7, dynamic: false },
      { target: "./e.ts", line: 8, dynamic: false },
      { target: "f/g", line: 9, dynamic: true },
    ]);
  });

  test("cycles are found, through types too, and not through what is loaded later", () => {
    const module = (file: string, text: string): { file: string; text: string } => ({ file, text });
    expect(
      cycles([
        module("a.ts", 'import { b } from "./b.ts";'),
        module("b.ts", 'export * from "./d/c.ts";'),
        module("d/c.ts", 'import type { A } from "../a.ts";\nimport "./e.ts";'),
        module("d/e.ts", 'const a = () => import("../a.ts");'),
      ]),
    ).toEqual([["a.ts", "b.ts", "d/c.ts"]]);
  });

  test("no modules import each other in a circle without a reason", () => {
    const found = cycles(sources).toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1));
    expect(found).toEqual(knownCycles.map(({ files }) => files));
  });

  test("every file belongs to a layer", () => {
    expect(sources.map(({ file }) => file).filter((file) => !layers[layerOf(file)])).toEqual([]);
  });

  test("a file imports only its own layer and those below", () => {
    const wrong = violations((file, target) => {
      if (!isRelative(target)) return undefined;
      const from = layerOf(file);
      const to = layerOf(resolved(file, target));
      return from === to || layers[from]?.includes(to) || upward[file]?.layer === to
        ? undefined
        : `${from} may import ${layers[from]?.join(", ") || "nothing"}`;
    });
    expect(wrong).toEqual([]);
  });
});

describe("platforms and packages", () => {
  test("node: is imported only where files and processes are", () => {
    expect(
      violations((file, target) =>
        target.startsWith("node:") && !nodeFiles.test(file) ? "the core runs in any JavaScript runtime" : undefined,
      ),
    ).toEqual([]);
  });

  test.each(Object.entries(packagePlaces))("%s is imported only from %s", (name, place) => {
    expect(
      violations((file, target) =>
        packageOf(target) === name && !place.test(file) ? `expected only in ${place}` : undefined,
      ),
    ).toEqual([]);
  });

  test("every package is a declared dependency", () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Record<
      string,
      object
    >;
    // Whoever wants onnxruntime-web brings it: the core asks for it by name and says how to install it.
    const declared = new Set(Object.keys({ ...dependencies, ...optionalDependencies, "onnxruntime-web": "" }));
    expect(
      violations((_, target) =>
        isRelative(target) || target.startsWith("node:") || declared.has(packageOf(target))
          ? undefined
          : "not in package.json",
      ),
    ).toEqual([]);
  });

  test("commands print through one place, where what drives a terminal is escaped", () => {
    const wrong = sources
      .filter(({ file }) => file.startsWith("cli/") && file !== "cli/output/terminal.ts")
      .flatMap(({ file, text }) =>
        [...withoutText(text).matchAll(/\bconsole\.|\bprocess\.std(out|err)\.write\b/g)].map(
          ({ index, 0: found }) => `src/${file}:${lineAt(text, index)} uses ${found}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test("DOM globals appear nowhere but in files of a browser", () => {
    const wrong = sources.flatMap(({ file, text }) => {
      if (browserFiles.test(file)) return [];
      const code = withoutText(text);
      return domGlobals.flatMap((name) => {
        // A file may bind the word itself (a pooling window): then it does not mean the global.
        if (new RegExp(`\\b(?:const|let|function|class)\\s+${name}\\b|[{(,]\\s*${name}\\s*[,:)}=]`).test(code))
          return [];
        return [...code.matchAll(new RegExp(`(?<![.\\w$])${name}\\b`, "g"))].map(
          ({ index }) => `src/${file}:${lineAt(code, index)} uses ${name}`,
        );
      });
    });
    expect(wrong).toEqual([]);
  });
});

describe("shape of the code", () => {
  test(`no file is over ${longestFile} lines without a reason`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split("\n").length > longestFile).map(({ file }) => file);
    expect(long.filter((file) => !longFiles[file])).toEqual([]);
    expect(sources.map(({ file }) => file)).toEqual(expect.arrayContaining(Object.keys(longFiles)));
  });

  test(`no folder has over ${mostFiles} files without a reason`, () => {
    const count = new Map<string, number>();
    for (const { file } of sources) {
      const { dir, base } = posix.parse(file);
      if (base !== "index.ts") count.set(dir, (count.get(dir) ?? 0) + 1);
    }
    const large = [...count].filter(([, files]) => files > mostFiles).map(([folder]) => folder);
    expect(large.toSorted()).toEqual(Object.keys(largeFolders).toSorted());
  });

  test("no model is named outside src/models", async () => {
    const { registry } = await import("../src/models/registry.ts");
    expect(registry.length).toBeGreaterThan(0);
    const wrong = sources
      // A published table says which models it is of.
      .filter(({ file }) => !/^(models|reproductions)\//.test(file))
      .flatMap(({ file, text }) =>
        registry.flatMap(({ name }) =>
          [...withoutComments(text).matchAll(new RegExp(`(["'\`])${name}\\1`, "g"))].map(
            ({ index }) => `src/${file}:${lineAt(text, index)} names ${name}`,
          ),
        ),
      );
    expect(wrong).toEqual([]);
  });
});

const tokens = /(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ");

/** The text with its comments blanked, line for line. */
function withoutComments(text: string): string {
  return text.replaceAll(tokens, (token) => (/^\/[/*]/.test(token) ? blank(token) : token));
}

/** The text with its comments and strings blanked, line for line. */
function withoutText(text: string): string {
  return text.replaceAll(tokens, blank);
}
