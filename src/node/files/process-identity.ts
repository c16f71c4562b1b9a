/** Which process this is among all there are and were, as far as the system tells. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { systemCode } from "./file-error.ts";

export const processIdentity = z.strictObject({
  pid: z.int().positive(),
  host: z.string().max(300),
  /** Where process ids mean the same: the boot of the kernel and the namespace of ids, on Linux. */
  space: z.string().max(300).optional(),
  /** When the process started, in the kernel's ticks: ids are given again, in a restarted container at once. */
  start: z.string().max(30).optional(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

export function thisProcess(): ProcessIdentity {
  const boot = told(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const ids = told(() => readlinkSync("/proc/self/ns/pid"));
  const start = told(() => statOf("self").start);
  const known = boot !== undefined && ids !== undefined && start !== undefined;
  return { pid: process.pid, host: hostname(), ...(known && { space: `${boot} ${ids}`, start }) };
}

/** Whether a process still runs; undefined where the system does not tell, as of another machine. */
export function isRunning(other: ProcessIdentity): boolean | undefined {
  const self = thisProcess();
  if (other.host !== self.host || other.space !== self.space) return undefined;
  const stat = self.space === undefined ? undefined : told(() => statOf(other.pid));
  if (stat) return stat.start === other.start && !/[ZX]/.test(stat.state);
  // Some systems hide the processes of others, and some have no /proc: there an id that is taken may be another process's by now.
  return isTaken(other.pid) ? undefined : false;
}

/** State and start of a process: fields 3 and 22 of proc(5), after the name in parentheses, which may hold any character. */
function statOf(pid: number | "self"): { readonly state: string; readonly start: string | undefined } {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0]!, start: fields[19] };
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** What a file of the system says; undefined where there is none or it cannot be read. */
function told<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return undefined;
  }
}
