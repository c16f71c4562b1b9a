import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "vite";

// Debian's chromium package brings a Vulkan loader and a software driver, so that WebGPU runs without a GPU. Both have to be
// named before the process starts.
const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";
const named = process.env["VK_DRIVER_FILES"] !== undefined || process.env["VK_ICD_FILENAMES"] !== undefined;
const software = {
  VK_DRIVER_FILES: driver,
  VK_ICD_FILENAMES: driver,
  LD_LIBRARY_PATH: [dirname(driver), process.env["LD_LIBRARY_PATH"] ?? ""].filter(Boolean).join(":"),
};

/** Why WebGPU cannot be tested on this machine, or nothing. */
export const missingWebgpu =
  named || existsSync(driver) ? "" : "no Vulkan driver is named and Debian's chromium package is not installed";

/**
 * Runs a TypeScript program in a process of its own, with a WebGPU driver: a crash of the driver ends that process alone.
 * Returns the JSON it wrote, one value a line, and how it ended where that is not well.
 */
export async function runWithWebgpu(
  entry: string,
): Promise<{ readonly output: readonly unknown[]; readonly failure?: string }> {
  const outDir = join("node_modules", ".cache", "latentkit-webgpu", basename(entry, ".ts"));
  await build({
    configFile: false,
    logLevel: "error",
    build: { ssr: entry, outDir, rolldownOptions: { output: { entryFileNames: "main.mjs" } } },
  });
  const child = spawn(process.execPath, [join(outDir, "main.mjs")], {
    env: { ...process.env, ...(named ? {} : software) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const lines = out.split("\n").filter((line) => line.startsWith("[") || line.startsWith("{"));
  const output = lines.map((line): unknown => JSON.parse(line));
  return child.exitCode === 0
    ? { output }
    : { output, failure: `the process ended with ${child.exitCode ?? child.signalCode}: ${err}` };
}
