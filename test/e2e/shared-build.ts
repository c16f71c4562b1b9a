/** The package as it is published, compiled once for all test files of a run: by the first that asks. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const project = join(import.meta.dirname, "../..");
/** The folder that holds dist, for the processes that test files run in. Who has just built the package may name its folder. */
const variable = "LATENTKIT_TEST_BUILD";

/** What Vitest calls before all files; what it returns, after them. */
export default function setup(): (() => void) | undefined {
  if (process.env[variable] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "latentkit-build-"));
  process.env[variable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Puts the compiled package into `dist`, a path of nothing yet. */
export function compileInto(dist: string): void {
  const compiler = join(project, "node_modules/@typescript/native/bin/tsc");
  const build = ["-p", join(project, "tsconfig.build.json"), "--incremental", "false", "--tsBuildInfoFile", "null"];
  execFileSync(process.execPath, [compiler, ...build, "--outDir", dist], { stdio: "inherit" });
}

/** The folder of the compiled package, to be copied; undefined outside of a run of tests. */
export function sharedBuild(): string | undefined {
  const folder = process.env[variable];
  if (folder === undefined) return undefined;
  const [dist, compiling] = [join(folder, "dist"), join(folder, "compiling")];
  for (;;) {
    if (existsSync(dist)) return dist;
    try {
      mkdirSync(compiling);
    } catch {
      // Another process compiles.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      continue;
    }
    try {
      compileInto(compiling);
      renameSync(compiling, dist);
    } catch (error) {
      rmSync(compiling, { recursive: true });
      throw error;
    }
  }
}
