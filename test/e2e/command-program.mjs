/**
 * Runs the commands that its parent sends, one after the other, in this one process: modules are loaded and compiled once. A NUL
 * ends what a command printed, on stdout and on stderr; its exit code goes back as a message.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [node, , package_] = /** @type {[string, string, string]} */ (process.argv);
const program = join(package_, "dist/cli/main.js");
/** @type {{ runCommandLine: (args: readonly string[]) => Promise<void> }} */
const { runCommandLine } = await import(pathToFileURL(join(package_, "dist/cli/command-line.js")).href);

process.on("message", async (/** @type {readonly string[]} */ args) => {
  process.argv = [node, program, ...args];
  process.exitCode = undefined;
  await runCommandLine(args);
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  for (const stream of [process.stdout, process.stderr]) stream.write("\0");
  process.send?.(code);
});
