import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { describe, expect, test } from "vitest";

const core = ["graph", "ops", "random", "distributions", "nn"];
const shared = ["errors.ts", "linalg", "pictures", ...core, "models", "latent", "runtime", "data", "metrics"];
/** Each layer with the layers it may import, lowest first. A layer is a folder of src, or a file where a folder spans two. */
const layers: Readonly<Record<string, readonly string[]>> = {
  "errors.ts": [],
  "nearest-name.ts": ["errors.ts"],
  wasm: ["errors.ts"],
  pictures: ["errors.ts"],
  linalg: ["errors.ts"],
  graph: ["errors.ts"],
  // Optimizers' expressions become WebAssembly here, above the graph; random uses the encoder alone, below it.
  "wasm/elementwise.ts": ["errors.ts", "wasm", "graph"],
  random: ["errors.ts", "wasm"],
  ops: ["errors.ts", "graph"],
  onnx: ["errors.ts", "graph", "ops"],
  distributions: ["errors.ts", "graph", "ops"],
  optim: ["errors.ts", "graph", "ops"],
  nn: ["errors.ts", "graph", "ops", "random"],
  // A model is a function from symbolic tensors to a loss: it knows no device, no data and no random stream.
  models: ["errors.ts", "nearest-name.ts", "linalg", "graph", "ops", "distributions", "nn"],
  runtime: ["errors.ts", "graph", "ops", "onnx", "random"],
  latent: ["errors.ts", "linalg", "random", "graph", "ops", "distributions", "models"],
  data: ["errors.ts", "wasm", "random"],
  metrics: ["errors.ts", "wasm", "linalg", "random"],
  training: [
    "errors.ts",
    "linalg",
    "wasm/elementwise.ts",
    ...core,
    "optim",
    "models",
    "latent",
    "runtime",
    "data",
    "metrics",
  ],
  // Published tables: which models and settings, and what was reported. As data: no model is imported.
  reproductions: ["data", "training"],
  "index.ts": [...shared, "optim", "training"],
  node: [...shared, "index.ts", "nearest-name.ts", "onnx", "optim", "training", "reproductions"],
  cli: [...shared, "nearest-name.ts", "optim", "training", "reproductions", "node"],
};

/** Files that may import a layer above their own, with the reason. */
const upward: Readonly<Record<string, { readonly layer: string; readonly reason: string }>> = {
  "graph/tensor.ts": { layer: "ops", reason: "a tensor's infix methods are operations" },
};

/** Packages with one place to be imported from; zod, fast-png and commander validate, encode and parse wherever that is done. */
const packagePlaces: Readonly<Record<string, RegExp>> = {
  "onnxruntime-node": /^runtime\/node\.ts$/,
  "onnxruntime-web": /^runtime\/web\.ts$/,
  "onnxruntime-common": /^runtime\//,
  commander: /^cli\//,
  sharp: /^node\/(data-image-decoder|webp-film)\.ts$/,
  "csv-parse": /^node\//,
  jiti: /^node\/load-model-file\.ts$/,
};
const platformFiles = /^(node|cli)\/|^runtime\/node\.ts$/;
const domGlobals = ["window", "document", "navigator", "HTMLElement", "localStorage"];

const longestFile = 300;
/** Files longer than that, with the reason. */
const longFiles: Readonly<Record<string, string>> = {
  "ops/reduction.ts": "reductions share their axes, and stand beside the forms WebGPU needs",
  "ops/movement.ts": "the ops that only move elements share their index arithmetic",
};

interface Source {
  readonly file: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file, text: readFileSync(`src/${file}`, "utf8") }));

/** `import ... from "x"`, `export ... from "x"`, `import "x"` and `import("x")`, types included, with their lines. */
function importsOf({ text }: Source): { readonly target: string; readonly line: number }[] {
  const statement =
    /^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["'](?<from>[^"']+)["']|\bimport\(\s*["'](?<dynamic>[^"']+)["']/gm;
  return [...text.matchAll(statement)].map(({ index, groups }) => ({
    target: (groups!["from"] ?? groups!["dynamic"])!,
    line: lineAt(text, index),
  }));
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
const layerOf = (file: string): string => (layers[file] ? file : file.split("/")[0]!);
const resolved = (file: string, target: string): string => posix.join(dirname(file), target);
const packageOf = (target: string): string =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
const isRelative = (target: string): boolean => target.startsWith(".");

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
      { target: "./a.ts", line: 1 },
      { target: "../b.ts", line: 2 },
      { target: "./c.ts", line: 6 },
      { target: "./d.ts", line: 7 },
      { target: "./e.ts", line: 8 },
      { target: "f/g", line: 9 },
    ]);
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
        target.startsWith("node:") && !platformFiles.test(file) ? "the core runs in any JavaScript runtime" : undefined,
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

  test("DOM globals appear nowhere but in files of a platform", () => {
    const wrong = sources.flatMap(({ file, text }) => {
      if (platformFiles.test(file)) return [];
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
