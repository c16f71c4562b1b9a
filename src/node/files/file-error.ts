import { ConfigError } from "../../errors.ts";

const outOfSpace = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The code of a failed system call, such as ENOENT, or null where `error` is something else. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}

/** A failed system call as a one-line ConfigError that names the path; any other error is returned as it is. */
export function fileError(error: unknown, path: string, doing: "read" | "write"): unknown {
  const code = systemCode(error);
  if (code === null) return error;
  // Node's message is "ENOSPC: no space left on device, write"; the words between are the operating system's.
  const reason = /^[A-Z0-9]+: ([^,\n]*)/.exec((error as Error).message)?.[1] ?? "refused by the system";
  const remedy = outOfSpace.has(code)
    ? "expected free space on the disk; free some or choose a folder on another disk"
    : `expected a place that can be ${doing === "read" ? "read" : "written"}`;
  return new ConfigError(`${path}: cannot ${doing}, got ${code} (${reason}), ${remedy}`, { cause: error });
}
