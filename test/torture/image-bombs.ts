/** Six images that unpack to 768 MB each, in a folder: they are decoded within 1 GiB of each other. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Installed } from "../e2e/install.ts";
import { interlacedPng } from "../png-bomb.ts";

const [COUNT, SIDE] = [6, 16_000];
/** Kilobytes: what is decoded, and the program. */
const MOST = 1.25 * 2 ** 20;

/** What is wrong with how they are read. */
export async function imageBombs(latentkit: Installed): Promise<readonly string[]> {
  const folder = join(latentkit.folder, "bombs");
  mkdirSync(folder);
  const bomb = await interlacedPng(SIDE);
  for (let i = 0; i < COUNT; i++) writeFileSync(join(folder, `${i}.png`), bomb);
  // The peak is said by the process itself, as it ends.
  const report = join(latentkit.folder, "peak.mjs");
  writeFileSync(report, 'process.on("exit", () => console.error(`peak ${process.resourceUsage().maxRSS}`));\n');
  const program = join(latentkit.root, "dist/cli/main.js");
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", pathToFileURL(report).href, program, "data", "show", folder, "--json"],
    { encoding: "utf8", env: { ...process.env, LATENTKIT_CACHE: join(latentkit.root, "cache") } },
  );
  rmSync(folder, { recursive: true });
  if (status !== 0) return [`exit code ${status}: ${stderr}`];
  const peak = Number(/peak (\d+)/.exec(stderr)?.[1]);
  return peak < MOST ? [] : [`${COUNT} images of ${SIDE} x ${SIDE} took ${Math.round(peak / 1024)} MiB`];
}
