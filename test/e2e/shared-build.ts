/** The package as it is published, compiled once for all test files of a run: by the first that asks. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

export const project = join(import.meta.dirname, "../..");
/** The folder that holds dist, for the processes that test files run in. Who has just built the package may name its folder. */
const variable = "LATENTKIT_TEST_BUILD";

/** What Vitest calls before all files; what it returns, after them. */
export default function setup(vitest: TestProject): (() => void) | undefined {
  if (process.env[variable] !== undefined) return undefined;
  const folder = join(tmpdir(), `latentkit-build-${randomUUID()}`);
  process.env[variable] = folder;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // Of sources that have changed.
  vitest.onTestsRerun(remove);
  return remove;
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
  mkdirSync(folder, { recursive: true });
  const [dist, compiling] = [join(folder, "dist"), join(folder, "compiling")];
  while (!existsSync(dist)) {
    if (!claimed(compiling)) {
      // Another process compiles.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      continue;
    }
    try {
      // It may have ended since the last look.
      if (existsSync(dist)) break;
      compileInto(compiling);
      renameSync(compiling, dist);
    } finally {
      rmSync(compiling, { recursive: true, force: true });
    }
  }
  return dist;
}

/** Makes a folder that this process alone has made. */
function claimed(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
