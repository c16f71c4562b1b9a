import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runInfo } from "../../../test/run-info.ts";
import { ConfigError } from "../../errors.ts";
import type { SafetensorsTensor } from "../../serialization/safetensors.ts";
import { writeFileAtomic, writeFolderAtomic } from "./atomic-write.ts";
import { fileError } from "./file-error.ts";
import { Run } from "../../runs/run.ts";
import { FileStore } from "./file-store.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-atomic-"));

/** A 256 KB disk of its own, where this process may mount one. */
const smallDisk = mkdtempSync(join(tmpdir(), "latentkit-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", smallDisk]).status === 0;

afterAll(() => {
  if (mounted) execFileSync("umount", [smallDisk]);
  for (const made of [folder, smallDisk]) rmSync(made, { recursive: true });
});

const oneLine = /^\P{Cc}*$/u;

describe("a file", () => {
  test("is written whole, from text or from pieces, and replaces what was there", async () => {
    const path = join(folder, "file");
    await writeFileAtomic(path, "first");
    expect(readFileSync(path, "utf8")).toBe("first");
    const pieces = [new Uint8Array([1, 2]), new Uint8Array([9, 3, 9]).subarray(1, 2), new Uint8Array(700_000).fill(4)];
    await writeFileAtomic(path, pieces);
    expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("is left as it was where the folder is missing or the content fails", async () => {
    await expect(writeFileAtomic(join(folder, "none", "file"), "x")).rejects.toThrow(
      /none\/file: cannot write, got ENOENT \(no such file or directory\), expected a place that can be written$/,
    );
    function* failing(): Generator<Uint8Array> {
      yield new Uint8Array(10);
      throw new RangeError("stopped");
    }
    await expect(writeFileAtomic(join(folder, "file"), failing())).rejects.toThrow(RangeError);
    expect(readFileSync(join(folder, "file")).length).toBe(700_003);
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("a folder", () => {
  test("appears with all its files, also in place of an empty one", async () => {
    const path = join(folder, "made");
    mkdirSync(path);
    await writeFolderAtomic(
      path,
      new Map([
        ["a", "1"],
        ["b", "2"],
      ]),
    );
    expect(readdirSync(path)).toEqual(["a", "b"]);
  });

  test("never replaces one with files in it", async () => {
    const path = join(folder, "taken");
    mkdirSync(path);
    writeFileSync(join(path, "mine"), "kept");
    const before = readdirSync(folder);
    await expect(writeFolderAtomic(path, new Map([["a", "1"]]))).rejects.toThrow(ConfigError);
    expect(readdirSync(path)).toEqual(["mine"]);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe.skipIf(!mounted)("a full disk (skipped where this process may not mount a small one)", () => {
  test("refuses a file in one line and leaves the old one and no litter", async () => {
    const path = join(smallDisk, "file");
    await writeFileAtomic(path, "old");
    const write = writeFileAtomic(path, [new Uint8Array(200_000), new Uint8Array(200_000)]);
    await expect(write).rejects.toThrow(ConfigError);
    await expect(write).rejects.toThrow(
      `${path}: cannot write, got ENOSPC (no space left on device), expected free space on the disk; free some`,
    );
    await expect(write).rejects.toThrow(oneLine);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(smallDisk)).toEqual(["file"]);
    rmSync(path);
  });

  test("refuses a checkpoint and keeps the last good one", async () => {
    const run = await Run.create(new FileStore(join(smallDisk, "run")), runInfo);
    const save = (step: number, length: number): Promise<void> => {
      const tensor: SafetensorsTensor = { dtype: "F32", shape: [length], data: new Float32Array(length).fill(step) };
      return run.saveCheckpoint({
        weights: new Map([["weight", tensor]]),
        optimizer: new Map(),
        state: { latentkit: "0.1.0", step, epoch: 0, seed: 0, cursor: {}, ema: [], best: null },
      });
    };
    await save(1, 1000);
    await expect(save(2, 100_000)).rejects.toThrow(/step-2: cannot write, got ENOSPC/);
    expect(readdirSync(join(run.path, "checkpoints"))).toEqual(["step-1"]);
    expect((await run.loadCheckpoint()).weights.get("weight")?.data[999]).toBe(1);

    const append = async (): Promise<void> => {
      const metrics = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`metric${index}`, 1 / 3]));
      for (let step = 2; ; step++) await run.appendMetrics({ step, epoch: 1, split: "train", metrics });
    };
    await expect(append()).rejects.toThrow(/metrics\.jsonl: cannot write, got ENOSPC/);
    await run.close();

    // The torn last line is no record, and resuming cuts it off.
    const resumed = await Run.resume(new FileStore(run.path));
    await resumed.rewind(3);
    const steps = [];
    for await (const { step } of resumed.metrics()) steps.push(step);
    expect(steps).toEqual([2, 3]);
    await resumed.close();
  });

  test("refuses a new run and leaves nothing", async () => {
    rmSync(join(smallDisk, "run"), { recursive: true });
    const filler = statfsSync(smallDisk);
    writeFileSync(join(smallDisk, "filler"), new Uint8Array(filler.bavail * filler.bsize));
    await expect(Run.create(new FileStore(join(smallDisk, "run")), runInfo)).rejects.toThrow(
      /run: cannot write, got ENOSPC/,
    );
    expect(readdirSync(smallDisk)).toEqual(["filler"]);
  });
});

test.skipIf(process.platform !== "linux")("/dev/full refuses a write in one line", async () => {
  const file = await open("/dev/full", "w");
  const refused: unknown = await file.writeFile("x").catch((error: unknown) => fileError(error, "/dev/full", "write"));
  await file.close();
  expect(refused).toBeInstanceOf(ConfigError);
  expect((refused as ConfigError).message).toMatch(
    /^\/dev\/full: cannot write, got ENOSPC \(no space left on device\)/,
  );
});
