/** Training onto disks that are full before it is done: it says so in one line, and goes on where there is space again. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stream } from "../../src/random/streams.ts";
import type { Installed } from "../e2e/install.ts";
import { TrainedAlike } from "./trained-alike.ts";

export interface DiskRequest {
  readonly disks: number;
  readonly seed: number;
  readonly steps: number;
  readonly until: number;
}

export interface DiskResult {
  readonly disks: number;
  /** How many were full before the run was done. */
  readonly full: number;
  /** Why none could be tried. */
  readonly skipped?: string;
  readonly findings: readonly string[];
}

/** Kilobytes of the smallest disk and the largest, which a run may fit into. */
const [SMALLEST, LARGEST, ENOUGH] = [8, 160, 65_536];

export async function fullDisks(latentkit: Installed, { disks, seed, steps, until }: DiskRequest): Promise<DiskResult> {
  const disk = join(latentkit.folder, "disk");
  mkdirSync(disk, { recursive: true });
  const mount = (kilobytes: number, ...options: readonly string[]): void =>
    void execFileSync("mount", ["-t", "tmpfs", "-o", [`size=${kilobytes}k`, ...options].join(), "tmpfs", disk], {
      stdio: "pipe",
    });
  const unmount = (): void => void execFileSync("umount", [disk]);
  try {
    mount(ENOUGH);
    unmount();
  } catch {
    return { disks: 0, full: 0, skipped: "no right to mount a small disk", findings: [] };
  }
  const alike = new TrainedAlike(latentkit, steps);
  await alike.train();
  const random = stream(seed, "disks");
  const findings: string[] = [];
  let [tried, filled] = [0, 0];
  for (; tried < disks && Date.now() < until; tried++) {
    const kilobytes = SMALLEST + random.int(LARGEST - SMALLEST);
    mount(kilobytes);
    try {
      const out = join(disk, "run");
      const full = await alike.start(out).finished;
      if (full.code !== 0) filled += 1;
      const said = full.stderr.trimEnd();
      if (full.code !== 0 && (full.code !== 2 || said.includes("\n") || !said.includes("ENOSPC")))
        findings.push(`disk of ${kilobytes} kB, --seed ${seed}: exit code ${full.code}: ${said}`);
      mount(ENOUGH, "remount");
      const problem = alike.problemOf(out, full.code === 0 ? full : await alike.start(out).finished);
      if (problem !== undefined) findings.push(`disk of ${kilobytes} kB, with space again, --seed ${seed}: ${problem}`);
    } finally {
      unmount();
    }
  }
  return { disks: tried, full: filled, findings };
}
