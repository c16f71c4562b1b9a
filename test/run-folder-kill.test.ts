import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { Run } from "../src/runs/run.ts";
import { FileStore } from "../src/node/files/file-store.ts";

import { bundle } from "./bundle.ts";
import { runInfo } from "./run-info.ts";

// The moments of the kill are spread over the first 80 ms of writing, which is tens of file operations, and go on where a busy machine wrote less.
test("a run killed while it writes checkpoints always opens at a whole checkpoint", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-kill-"));
  const program = await bundle(join(import.meta.dirname, "checkpoint-loop.ts"));
  try {
    const path = join(folder, "run");
    await (await Run.create(new FileStore(path), runInfo)).close();
    let latest = 0;
    for (let kill = 0; kill < 10 || (latest <= 3 && kill < 60); kill++) {
      const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await setTimeout(8 * kill);
      child.kill("SIGKILL");
      await once(child, "exit");

      const run = await Run.open(new FileStore(path));
      const steps = await run.checkpointSteps();
      expect(steps.length).toBeLessThanOrEqual(4);
      expect(steps.at(-1) ?? 0).toBeGreaterThanOrEqual(latest);
      latest = steps.at(-1) ?? 0;
      for (const step of steps) {
        const { state, weights, optimizer } = await run.loadCheckpoint({ step });
        expect(state.cursor).toEqual({ step });
        for (const tensor of [weights.get("weight"), optimizer.get("weight/moment1")]) {
          expect(tensor?.data.length).toBe(50_000);
          expect(new Set<number | bigint>(tensor?.data)).toEqual(new Set([step]));
        }
      }
      const metrics = [];
      for await (const record of run.metrics()) metrics.push(record.step);
      expect(metrics).toEqual(Array.from({ length: metrics.length }, (_, index) => index + 1));
      expect(metrics.length).toBeGreaterThanOrEqual(latest);
    }
    expect(latest).toBeGreaterThan(3);

    const run = await Run.resume(new FileStore(path));
    const left = [path, join(path, "checkpoints")].flatMap((inside) => readdirSync(inside));
    expect(left.filter((name) => name.startsWith("."))).toEqual([]);
    await run.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(dirname(program), { recursive: true, force: true });
  }
});

test.skipIf(process.platform !== "linux")(
  "a killed process that its parent never waits for keeps nobody out (skipped where there is no /proc)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "latentkit-kill-"));
    const program = await bundle(join(import.meta.dirname, "checkpoint-loop.ts"));
    const path = join(folder, "run");
    await (await Run.create(new FileStore(path), runInfo)).close();
    // The shell becomes another program, which knows nothing of the child.
    const parent = spawn("sh", ["-c", '"$0" "$1" "$2" & exec sleep 600', process.execPath, program, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(parent.stdout, "data");
      const { pid } = JSON.parse(readFileSync(join(path, "lock"), "utf8")) as { pid: number };
      await expect(Run.resume(new FileStore(path))).rejects.toThrow(`got a lock of process ${pid}, `);
      process.kill(pid, "SIGKILL");
      const state = (): string | undefined => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
      await expect.poll(state).toBe("Z");
      await (await Run.resume(new FileStore(path))).close();
      expect(state()).toBe("Z");
    } finally {
      parent.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      rmSync(dirname(program), { recursive: true, force: true });
    }
  },
);
