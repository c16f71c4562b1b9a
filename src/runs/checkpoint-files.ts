/** Checkpoints on disk: `checkpoints/step-<n>/{weights.safetensors, optimizer.safetensors, state.json}`. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "../errors.ts";
import {
  type Checkpoint,
  checkTensors,
  parseStateFile,
  stateFileText,
  type StateFile,
  type TensorSpecs,
} from "../training/checkpoint.ts";
import { headerLength, parseHeader } from "../serialization/safetensors-header.ts";
import { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "../serialization/safetensors.ts";
import { writeFolderAtomic } from "../node/files/atomic-write.ts";
import { fileError } from "../node/files/file-error.ts";
import { kindOf, openOwnFile, readExactly, readOwnText } from "../node/files/safe-read.ts";

const maxStateBytes = 1_000_000;

export function checkpointFolder(checkpoints: string, step: number): string {
  return join(checkpoints, `step-${step}`);
}

/** Steps that have a checkpoint, lowest first. Folders appear by rename, so each is complete. */
export async function listCheckpoints(checkpoints: string): Promise<number[]> {
  let entries;
  try {
    entries = await readdir(checkpoints, { withFileTypes: true });
  } catch (error) {
    throw fileError(error, checkpoints, "read");
  }
  return entries
    .filter((entry) => entry.isDirectory() && /^step-(0|[1-9][0-9]{0,14})$/.test(entry.name))
    .map((entry) => Number(entry.name.slice("step-".length)))
    .toSorted((a, b) => a - b);
}

/** Throws ConfigError, and leaves nothing behind, where the disk refuses. */
export async function writeCheckpoint(checkpoints: string, checkpoint: Checkpoint): Promise<void> {
  const weights = safetensorsChunks(checkpoint.weights);
  const optimizer = safetensorsChunks(checkpoint.optimizer);
  const state = stateFileText({
    state: checkpoint.state,
    sha256: { weights: sha256(weights), optimizer: sha256(optimizer) },
  });
  await writeFolderAtomic(
    checkpointFolder(checkpoints, checkpoint.state.step),
    new Map<string, string | Uint8Array[]>([
      ["weights.safetensors", weights],
      ["optimizer.safetensors", optimizer],
      ["state.json", state],
    ]),
  );
}

/** Reads state.json of a checkpoint. Throws CheckpointError. */
export async function readState(checkpoints: string, step: number): Promise<StateFile> {
  const folder = checkpointFolder(checkpoints, step);
  if ((await kindOf(folder)) !== "folder") {
    throw new CheckpointError(`${folder}: missing, got no folder, expected a checkpoint`);
  }
  const where = join(folder, "state.json");
  const file = parseStateFile(await readOwnText(where, maxStateBytes), where);
  if (file.state.step !== step) {
    throw new CheckpointError(`${where}: "step": got ${file.state.step}, expected ${step}`);
  }
  return file;
}

/** Reads one tensor file of a checkpoint, as `readDigestedTensors` does. */
export async function readTensorFile(
  checkpoints: string,
  { state, sha256: digests }: StateFile,
  kind: "weights" | "optimizer",
  expected: TensorSpecs | undefined,
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const where = join(checkpointFolder(checkpoints, state.step), `${kind}.safetensors`);
  return readDigestedTensors(where, { digest: digests[kind], digestFile: "state.json", expected });
}

/**
 * Reads a safetensors file whose SHA-256 another file holds. Its header is held against the file's size, and against `expected`
 * where given, before memory for the data is taken; a file beyond half of this machine's memory is refused. Throws CheckpointError.
 */
export async function readDigestedTensors(
  where: string,
  {
    digest,
    digestFile,
    expected,
  }: { readonly digest: string; readonly digestFile: string; readonly expected: TensorSpecs | undefined },
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const file = await openOwnFile(where);
  try {
    const { size } = await file.stat();
    const prefix = new Uint8Array(Math.min(8, size));
    await readExactly(file, prefix, 0, where);
    const header = new Uint8Array(headerLength(prefix, size, where));
    await readExactly(file, header, 8, where);
    const { tensors } = parseHeader(header, size - 8 - header.byteLength, where);
    const limit = Math.floor(totalmem() / 2);
    if (expected !== undefined) checkTensors(tensors, expected, where);
    if (size > limit) {
      throw new CheckpointError(`${where}: too large for this machine, got ${size} bytes, expected at most ${limit}`);
    }
    const bytes = new Uint8Array(size);
    await readExactly(file, bytes, 0, where);
    if (sha256([bytes]) !== digest) {
      throw new CheckpointError(`${where}: damaged, got bytes whose SHA-256 differs from the one in ${digestFile}`);
    }
    return readSafetensors(bytes, where).tensors;
  } finally {
    await file.close();
  }
}

/** SHA-256 of bytes in pieces, in hexadecimal. */
export function sha256(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  // One update takes less than 2^31 bytes.
  const piece = 2 ** 30;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += piece) hash.update(chunk.subarray(at, at + piece));
  }
  return hash.digest("hex");
}
