import { stat } from "node:fs/promises";
import { extname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ZodError } from "zod";
import { ConfigError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import { escaped } from "../serialization/quoted.ts";
import { fileError } from "./files/file-error.ts";

const extensions = [".ts", ".mts", ".js", ".mjs"];

/**
 * What a model file imports under these names is what already runs here, whether or not its own project has latentkit installed,
 * and in which version: `instanceof` holds, and a file outside any project loads.
 */
const shared: Readonly<Record<string, () => Promise<object>>> = {
  latentkit: () => import("../index.ts"),
  "latentkit/bijectors": () => import("../bijectors/index.ts"),
  "latentkit/browser": () => import("../browser/index.ts"),
  "latentkit/data": () => import("../data/index.ts"),
  "latentkit/distributions": () => import("../distributions/index.ts"),
  "latentkit/evaluation": () => import("../evaluation/index.ts"),
  "latentkit/graph": () => import("../graph/index.ts"),
  "latentkit/latent": () => import("../latent/index.ts"),
  "latentkit/metrics": () => import("../metrics/index.ts"),
  "latentkit/models": () => import("../models/index.ts"),
  "latentkit/nn": () => import("../nn/index.ts"),
  "latentkit/node": () => import("./index.ts"),
  "latentkit/ops": () => import("../ops/index.ts"),
  "latentkit/optim": () => import("../optim/index.ts"),
  "latentkit/pictures": () => import("../pictures/index.ts"),
  "latentkit/random": () => import("../random/index.ts"),
  "latentkit/runs": () => import("../runs/index.ts"),
  "latentkit/runtime": () => import("../runtime/index.ts"),
  "latentkit/serialization": () => import("../serialization/index.ts"),
  "latentkit/training": () => import("../training/index.ts"),
  // A model's settings are a zod schema.
  zod: () => import("zod"),
};

/**
 * What a module exports by default: a model of one's own, in TypeScript or JavaScript, with whatever it imports beside it. Types are
 * taken out, not checked. Throws ConfigError, naming the line where that is known, where there is no such file, where it throws
 * while it loads, and where it has no default export.
 */
export async function loadModelFile(path: string): Promise<unknown> {
  const stats = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, "read");
  });
  if (!stats.isFile()) throw new ConfigError(`${path}: cannot be loaded, got something that is no file, ${wanted}`);
  if (!extensions.includes(extname(path)))
    throw new ConfigError(`${path}: cannot be loaded, got ${extname(path) || "no extension"}, ${wanted}`);
  const file = resolve(path);
  const ended = (): void => {
    console.error(
      `latentkit: ${escaped(path)}: cannot be loaded, got the end of the program while it loads, ${wanted}`,
    );
    process.exitCode = 2;
  };
  // The file may call process.exit, or await what never comes.
  process.once("exit", ended);
  const module = await evaluated(file)
    .catch((thrown: unknown) => {
      throw new ConfigError(`${placeOf(thrown, file, path)}: cannot be loaded, got ${textOf(thrown)}`, {
        cause: thrown,
      });
    })
    .finally(() => process.off("exit", ended));
  const made = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (made === undefined)
    throw new ConfigError(`${path}: nothing is exported by default, expected export default model`);
  return made;
}

const wanted = `expected a module that exports a model by default (${extensions.join(", ")})`;

/**
 * The module itself. jiti in place of Node's own import: Node 20 does not read TypeScript, later versions none with enums, and where
 * Node lets a program decide what an import names, it is by another interface in 20 than from 22.15 on.
 */
async function evaluated(file: string): Promise<unknown> {
  const { createJiti } = await import("jiti");
  const modules = await Promise.all(
    Object.entries(shared).map(async ([name, load]) => [name, withoutGuessing(name, await load())] as const),
  );
  return createJiti(file, {
    virtualModules: Object.fromEntries(modules),
    interopDefault: false,
    fsCache: false,
  }).import(file);
}

/** A module in which a name that it does not export is an error, as in Node, where transformed code would read undefined. */
function withoutGuessing(name: string, module: object): object {
  return new Proxy(module, {
    get(target, key, receiver) {
      if (typeof key === "symbol" || key in target || askedOfAnyModule.has(key))
        return Reflect.get(target, key, receiver) as unknown;
      const nearest = nearestName(key, Object.keys(target));
      // In the user's own code, like any other mistake there: what runs that code says in which file.
      throw new ReferenceError(`${name}: there is no export ${key}${nearest ? `, did you mean ${nearest}?` : ""}`);
    },
  });
}
const askedOfAnyModule = new Set(["__esModule", "default", "then"]);

/** Where in a person's own files something was thrown, as `file:line`; just the file where the error does not say. */
function placeOf(thrown: unknown, file: string, path: string): string {
  const text = thrown instanceof Error ? `${thrown.message}\n${thrown.stack ?? ""}` : "";
  // Of a frame, `at f (file:///a/b.ts:3:7)`, and of a syntax error, ` /a/b.ts:3:7`.
  for (const [, at, line] of text.matchAll(
    /(?:^|[\s(])((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^\n()]*?):(\d+):\d+\)?$/gm,
  )) {
    const source = at!.startsWith("file:") ? fileURLToPath(at!) : at!;
    if (!isForeign(source)) return `${source === file ? path : relative(process.cwd(), source)}:${line}`;
  }
  return path;
}

const ownFolder = resolve(import.meta.dirname, "..");
const isForeign = (source: string): boolean =>
  /[\\/]node_modules[\\/]/.test(source) || !relative(ownFolder, source).startsWith("..");

/** An error on one line. Node and jiti add lists of files and the place of a syntax error on lines of their own. */
function textOf(thrown: unknown): string {
  if (thrown instanceof ZodError)
    return thrown.issues
      .map(({ path, message }) => `${path.length > 0 ? `${path.join(".")}: ` : ""}${message}`)
      .join("; ");
  if (!(thrown instanceof Error)) return String(thrown);
  const [line = ""] = thrown.message.split("\n");
  return thrown.name === "Error" ? line.trim() : `${thrown.name}: ${line.trim()}`;
}
