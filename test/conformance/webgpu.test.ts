import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { everyCase, type Outcome } from "./run.ts";

// Debian's chromium package brings a Vulkan loader and a software driver, so that WebGPU runs without a GPU. Both have to be
// named before the process starts.
const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";
const named = process.env["VK_DRIVER_FILES"] !== undefined || process.env["VK_ICD_FILENAMES"] !== undefined;
const software = {
  VK_DRIVER_FILES: driver,
  VK_ICD_FILENAMES: driver,
  LD_LIBRARY_PATH: [dirname(driver), process.env["LD_LIBRARY_PATH"] ?? ""].filter(Boolean).join(":"),
};

async function outcomesOfProcess(): Promise<ReadonlyMap<string, Outcome>> {
  const outDir = join("node_modules", ".cache", "latentkit-webgpu");
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      ssr: "test/conformance/webgpu-main.ts",
      outDir,
      rolldownOptions: { output: { entryFileNames: "main.mjs" } },
    },
  });
  const child = spawn(process.execPath, [join(outDir, "main.mjs")], {
    env: { ...process.env, ...(named ? {} : software) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const lines = out.split("\n").filter((line) => line.startsWith("["));
  const outcomes = new Map(lines.flatMap((line) => JSON.parse(line) as [string, Outcome][]));
  if (child.exitCode !== 0)
    for (const b of everyCase(0))
      if (!outcomes.has(b.id))
        outcomes.set(b.id, `the process ended with ${child.exitCode ?? child.signalCode}: ${err}`);
  return outcomes;
}

const missing =
  named || existsSync(driver) ? "" : "no Vulkan driver is named and Debian's chromium package is not installed";
describe.skipIf(missing !== "")(`webgpu agrees with the reference${missing && ` (skipped: ${missing})`}`, () => {
  let outcomes: ReadonlyMap<string, Outcome>;
  beforeAll(async () => {
    outcomes = await outcomesOfProcess();
  }, 600_000);
  test.each(everyCase(0).map((b) => b.id))("%s", (id) => expect(outcomes.get(id)).toBeNull());
});
