/** Tests of the suite that are part of the torture, in a longer form or as they are. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** What is wrong: the end of what the tests print where one fails. */
export async function testFiles(
  files: readonly string[],
  { name, env = {} }: { readonly name?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<readonly string[]> {
  const chosen = [...files, ...(name === undefined ? [] : ["-t", name])];
  const child = spawn(process.execPath, [vitest, "run", "--testTimeout=1200000", ...chosen], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2000)));
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0 ? [] : [`${files.join(", ")}: ${said}`];
}
