import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed } from "./e2e/install.ts";

const root = resolve(import.meta.dirname, "..");
const { exports, sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, string | { readonly default: string }>>;
  sideEffects: unknown;
};
/** What a program may import: `latentkit`, `latentkit/nn`, ... */
const entries = Object.entries(exports)
  .filter(([, target]) => typeof target === "object")
  .map(([subpath]) => subpath.replace(".", "latentkit"));
/** Those that need Node. */
const ofNode = new Set(["latentkit/node"]);
/** Folders with an index that only the command line reads. */
const internal = new Set(["reproductions"]);

let latentkit: Installed;
/** A project of somebody's that has latentkit installed. */
let project: string;
beforeAll(() => {
  latentkit = install();
  project = join(latentkit.folder, "project");
  mkdirSync(join(project, "node_modules"), { recursive: true });
  symlinkSync(latentkit.root, join(project, "node_modules/latentkit"));
});
afterAll(() => latentkit.remove());

/** A program as a web page would load it: bundled for the browser and minified; ONNX Runtime stays outside. */
async function bundled(program: string): Promise<Rolldown.OutputChunk> {
  const main = join(project, "main.js");
  writeFileSync(main, program);
  const { output } = (await build({
    root: project,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: true,
      rolldownOptions: { input: main, preserveEntrySignatures: "strict", external: /^onnxruntime/ },
    },
  })) as Rolldown.RolldownOutput;
  expect(output).toHaveLength(1);
  return output[0];
}

function printedBy(program: string): string {
  const file = join(project, "program.mjs");
  writeFileSync(file, program);
  return execFileSync(process.execPath, [file], { encoding: "utf8" }).trim();
}

describe("entries", () => {
  test("every folder with an index is one, and each points at a file", () => {
    const indexed = readdirSync(join(root, "src")).filter((name) => existsSync(join(root, "src", name, "index.ts")));
    const subpaths = indexed.filter((name) => !internal.has(name)).map((name) => `latentkit/${name}`);
    expect(entries.toSorted()).toEqual(["latentkit", ...subpaths].toSorted());
    for (const target of Object.values(exports))
      for (const file of Object.values(typeof target === "string" ? { target } : target))
        expect(existsSync(join(latentkit.root, file)), file).toBe(true);
  });

  test("docs/package.md lists them all", () => {
    const page = readFileSync(join(root, "docs/package.md"), "utf8");
    expect([...page.matchAll(/^\| `(latentkit[^`]*)` \|/gm)].map(([, entry]) => entry)).toEqual(entries);
  });

  test("a name is the same thing wherever it is imported from, and tensors have their methods", () => {
    const program = `
      const [all, ...modules] = await Promise.all(${JSON.stringify(entries)}.map((entry) => import(entry)));
      const other = modules.flatMap((m) => Object.keys(m).filter((name) => name in all && m[name] !== all[name]));
      console.log(JSON.stringify([other, all.evaluate([all.constant(2).mul(3)])[0].data[0]]));`;
    expect(JSON.parse(printedBy(program))).toEqual([[], 6]);
  });

  // Modules import each other in a cycle there (graph/tensor.ts): whichever comes first must find what it needs.
  test.each(["graph", "ops"])("any file of %s can be the first to load", (folder) => {
    const files = readdirSync(join(latentkit.root, "dist", folder)).filter((name) => name.endsWith(".js"));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) printedBy(`await import(${JSON.stringify(join(latentkit.root, "dist", folder, file))});`);
  });
});

describe("bundles", () => {
  /** Bytes, minified; a little above what they measured (vite 8.3): a larger one is a decision, not an accident. */
  const budgets: readonly (readonly [program: string, bytes: number])[] = [
    ['export { frechetDistance } from "latentkit/metrics";', 7_500],
    ['export { frechetDistance } from "latentkit";', 7_500],
    ['export { matmul } from "latentkit/ops";', 34_000],
    ['export { digits } from "latentkit";', 24_600],
    // 18 kB of it are posteriors by flows.
    ['export { vae } from "latentkit/models";', 172_500],
    [
      'export { adam, Batches, compileStep, digitsSource, fit, TrainedModel, vae, wasmDevice } from "latentkit";',
      // 4 kB of it give sampled rows of a table the data's marginals, 2 kB are loops that end by themselves and codes by loops.
      262_500,
    ],
    // 45 kB of it are normalizing flows and hierarchical VAEs, 48 kB models of symbols: vector-quantized, autoregressive and masked diffusion. 55 kB choose the weights of GANs by their samples, and draw films of samples and of discriminators.
    ['export { train } from "latentkit/runs"; export { browserPlatform } from "latentkit/browser";', 744_000],
  ];
  test.each(budgets)("%s keeps to %i bytes", async (program, bytes) => {
    const { code } = await bundled(program);
    expect(code.length).toBeLessThan(bytes);
    expect(code.length).toBeGreaterThan(0.7 * bytes);
  });

  test.each(entries.filter((entry) => !ofNode.has(entry)))("%s needs nothing of Node's", async (entry) => {
    const { moduleIds } = await bundled(`export * from "${entry}";`);
    expect(moduleIds.filter((id) => /^node:|browser-external/.test(id))).toEqual([]);
  });

  test("what is left out was not needed: tensors keep their methods", async () => {
    // No module may do anything but define: a bundler drops whatever nothing is imported from.
    expect(sideEffects).toBe(false);
    const program = 'import { constant, evaluate, exp } from "latentkit";';
    const { code } = await bundled(`${program} console.log(evaluate([exp(constant(0)).mul(3)])[0].data[0]);`);
    expect(printedBy(code)).toBe("3");
  });
});

test("a model file outside any project gets the modules of the package that loads it", () => {
  const file = join(latentkit.folder, "model.ts");
  writeFileSync(file, 'import { Linear } from "latentkit/nn";\nexport default new Linear(2, 3) as Linear;\n');
  const load = JSON.stringify(join(latentkit.root, "dist/node/load-model-file.js"));
  const program = `
    import { loadModelFile } from ${load};
    import { Linear } from "latentkit/nn";
    console.log((await loadModelFile(${JSON.stringify(file)})) instanceof Linear);`;
  expect(printedBy(program)).toBe("true");
});
