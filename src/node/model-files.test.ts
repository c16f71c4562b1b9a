import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import { namedModel, runModel } from "./model-files.ts";

let folder = "";
const source = `import { defineModel } from "./models.ts";
import { vae } from "latentkit/models";
export default defineModel({ ...vae, name: "own" });
`;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-trust-"));
  process.env["LATENTKIT_CACHE"] = join(folder, "cache");
  for (const name of ["mine", "theirs"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "mine/own.ts"), source);
  writeFileSync(join(folder, "mine/models.ts"), 'export { defineModel } from "latentkit/models";\n');
});
afterAll(() => {
  delete process.env["LATENTKIT_CACHE"];
  rmSync(folder, { recursive: true });
});

test("a run loads the file that a person has named, at its place and as it was", async () => {
  const path = join(folder, "mine/own.ts");
  const { definition, modelFile } = await namedModel(path);
  expect(definition.name).toBe("own");
  expect((await runModel({ model: "own", modelFile: modelFile! }, "runs/own-1")).name).toBe("own");

  // The same bytes beside another models.ts, which would run.
  const copy = join(folder, "theirs/own.ts");
  copyFileSync(path, copy);
  writeFileSync(join(folder, "theirs/models.ts"), 'globalThis.ran = true;\nexport * from "latentkit/models";\n');
  const elsewhere = runModel({ model: "own", modelFile: { ...modelFile!, path: copy } }, "runs/own-1");
  await expect(elsewhere).rejects.toThrow(CheckpointError);
  await expect(elsewhere).rejects.toThrow(/^runs\/own-1: its model file has not been run here, got .*theirs/);
  expect("ran" in globalThis).toBe(false);

  writeFileSync(path, `${source}// edited\n`);
  await expect(runModel({ model: "own", modelFile: modelFile! }, "runs/own-1")).rejects.toThrow(
    /its model file has changed/,
  );
  rmSync(path);
  await expect(runModel({ model: "own", modelFile: modelFile! }, "runs/own-1")).rejects.toThrow(
    /its model file is missing/,
  );
});

test.skipIf(process.platform === "win32")(
  "what a run names that is no file, and may have no end, is not read",
  async () => {
    const pipe = join(folder, "pipe.ts");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"])
      await expect(
        runModel({ model: "own", modelFile: { path, sha256: "0".repeat(64) } }, "runs/own-1"),
      ).rejects.toThrow(`runs/own-1: its model file is missing, got no file at ${path}, expected it`);
    await expect(namedModel(pipe)).rejects.toThrow("pipe.ts: no such model file, got none");
  },
);
