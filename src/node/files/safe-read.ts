/**
 * Reading files of a folder that somebody else may have made: only regular files, never through a symbolic link,
 * never more than expected.
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { CheckpointError } from "../../errors.ts";
import { fileError, systemCode } from "./file-error.ts";

/** What lies at `path` itself, links not followed. */
export async function kindOf(path: string): Promise<"file" | "folder" | "nothing" | "other"> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return "file";
    return stats.isDirectory() ? "folder" : "other";
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return "nothing";
    throw fileError(error, path, "read");
  }
}

/** Opens a regular file. Throws CheckpointError where there is none or something else is in its place. */
export async function openOwnFile(path: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  const kind = await kindOf(path);
  if (kind === "nothing" && (flags & constants.O_CREAT) === 0) {
    throw new CheckpointError(`${path}: missing, got nothing, expected a file`);
  }
  if (kind === "folder" || kind === "other") {
    throw new CheckpointError(
      `${path}: not a file, got a ${kind === "folder" ? "folder" : "link or device"}, expected a regular file`,
    );
  }
  try {
    // O_NOFOLLOW is missing on Windows.
    return await open(path, flags | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    throw fileError(error, path, (flags & constants.O_WRONLY) === 0 ? "read" : "write");
  }
}

/** Fills `bytes` from `position` on. Throws CheckpointError where the file ends before. */
export async function readExactly(file: FileHandle, bytes: Uint8Array, position: number, where: string): Promise<void> {
  for (let filled = 0; filled < bytes.byteLength;) {
    // One read moves at most 2^31 - 1 bytes.
    const length = Math.min(bytes.byteLength - filled, 2 ** 30);
    const { bytesRead } = await file.read(bytes, filled, length, position + filled);
    if (bytesRead === 0) {
      throw new CheckpointError(
        `${where}: truncated, got ${position + filled} bytes, expected ${position + bytes.byteLength}`,
      );
    }
    filled += bytesRead;
  }
}

/** The text of a file of at most `maxBytes`. Throws CheckpointError. */
export async function readOwnText(path: string, maxBytes: number): Promise<string> {
  const file = await openOwnFile(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes)
      throw new CheckpointError(`${path}: too large, got ${size} bytes, expected at most ${maxBytes}`);
    const bytes = new Uint8Array(size);
    await readExactly(file, bytes, 0, path);
    return new TextDecoder().decode(bytes);
  } finally {
    await file.close();
  }
}
