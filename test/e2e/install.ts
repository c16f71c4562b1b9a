import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandHost, type Finished } from "./command-host.ts";
import { compileInto, project, sharedBuild } from "./shared-build.ts";

export type { Finished } from "./command-host.ts";

/** A build of Latentkit as a package of its own, with a folder to work in. */
export interface Installed {
  /** Where commands run. */
  readonly folder: string;
  /** The package: dist, package.json, node_modules. */
  readonly root: string;
  /** Runs a command after those before it, in the one process that all of them share: most tests need no process of their own. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Starts a command in a process of its own. */
  start(...args: readonly string[]): ChildProcess & { readonly finished: Promise<Finished> };
  remove(): Promise<void>;
}

/** Installs into a temporary folder, so that no test reads another's half-written files. */
export function install(): Installed {
  const root = mkdtempSync(join(tmpdir(), "latentkit-e2e-"));
  copyFileSync(join(project, "package.json"), join(root, "package.json"));
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  const [dist, built] = [join(root, "dist"), sharedBuild()];
  if (built === undefined) compileInto(dist);
  else cpSync(built, dist, { recursive: true });
  const folder = join(root, "work");
  mkdirSync(folder);
  // What npm sets for the scripts it runs changes the commands that a person is shown.
  const { npm_lifecycle_event: _, ...rest } = process.env;
  const env = { LATENTKIT_CACHE: join(root, "cache"), ...rest, NO_COLOR: "1" };
  let host: CommandHost | undefined;
  return {
    folder,
    root,
    run: (...args) => (host ??= new CommandHost(root, { cwd: folder, env })).run(args),
    start(...args) {
      const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], { cwd: folder, env });
      const output = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
      const finished = new Promise<Finished>((resolve, reject) => {
        child.on("close", (code, signal) => resolve({ code, signal, ...output })).on("error", reject);
      });
      return Object.assign(child, { finished });
    },
    async remove() {
      try {
        await host?.end();
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    },
  };
}

/** The objects that a command printed, one a line. */
export const jsonLines = (stdout: string): readonly Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Resolves once a process that prints JSON lines has printed one that `is` accepts. */
export async function printed(
  child: ChildProcess,
  is: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  let rest = "";
  for await (const text of child.stdout!.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const found = JSON.parse(line) as Record<string, unknown>;
      if (is(found)) return found;
    }
  }
  throw new Error("the process ended without printing what was waited for");
}
