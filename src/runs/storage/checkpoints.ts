/** Checkpoints of a run: `checkpoints/step-<n>/{weights.safetensors, optimizer.safetensors, state.json}`. */
import { CheckpointError } from "../../errors.ts";
import { headerLength, parseHeader } from "../../serialization/safetensors-header.ts";
import { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "../../serialization/safetensors.ts";
import { sha256Hex } from "../../sha256.ts";
import {
  type Checkpoint,
  checkTensors,
  parseStateFile,
  stateFileText,
  type StateFile,
  type TensorSpecs,
} from "../../training/checkpoint.ts";
import { type FileContent, readText, type RunStore } from "./store.ts";

const maxStateBytes = 1_000_000;

export const checkpointsFolder = "checkpoints";

export const checkpointFolder = (step: number): string => `${checkpointsFolder}/step-${step}`;

/** Steps that have a checkpoint, lowest first. Folders appear by rename, so each is complete. */
export async function listCheckpoints(store: RunStore): Promise<number[]> {
  if ((await store.kindOf(checkpointsFolder)) === "nothing") return [];
  return (await store.folders(checkpointsFolder))
    .filter((name) => /^step-(0|[1-9][0-9]{0,14})$/.test(name))
    .map((name) => Number(name.slice("step-".length)))
    .toSorted((a, b) => a - b);
}

/** Throws ConfigError, and leaves nothing behind, where the disk refuses. */
export async function writeCheckpoint(store: RunStore, checkpoint: Checkpoint): Promise<void> {
  const weights = safetensorsChunks(checkpoint.weights);
  const optimizer = safetensorsChunks(checkpoint.optimizer);
  const state = stateFileText({
    state: checkpoint.state,
    sha256: { weights: await sha256Hex(weights), optimizer: await sha256Hex(optimizer) },
  });
  await store.writeFolder(
    checkpointFolder(checkpoint.state.step),
    new Map<string, FileContent>([
      ["weights.safetensors", weights],
      ["optimizer.safetensors", optimizer],
      ["state.json", state],
    ]),
  );
}

/** Reads state.json of a checkpoint. Throws CheckpointError. */
export async function readState(store: RunStore, step: number): Promise<StateFile> {
  const folder = checkpointFolder(step);
  if ((await store.kindOf(folder)) !== "folder")
    throw new CheckpointError(`${store.pathOf(folder)}: missing, got no folder, expected a checkpoint`);
  const name = `${folder}/state.json`;
  const where = store.pathOf(name);
  const file = parseStateFile(await readText(store, name, maxStateBytes), where);
  if (file.state.step !== step) throw new CheckpointError(`${where}: "step": got ${file.state.step}, expected ${step}`);
  return file;
}

/** Reads one tensor file of a checkpoint, as `readDigestedTensors` does. */
export async function readTensorFile(
  store: RunStore,
  { state, sha256: digests }: StateFile,
  kind: "weights" | "optimizer",
  expected: TensorSpecs | undefined,
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const name = `${checkpointFolder(state.step)}/${kind}.safetensors`;
  return readDigestedTensors(store, name, { digest: digests[kind], digestFile: "state.json", expected });
}

/**
 * Reads a safetensors file whose SHA-256 another file holds. Its header is held against the file's size, and against `expected`
 * where given, before memory for the data is taken; a file larger than the store reads is refused. Throws CheckpointError.
 */
export async function readDigestedTensors(
  store: RunStore,
  name: string,
  {
    digest,
    digestFile,
    expected,
  }: { readonly digest: string; readonly digestFile: string; readonly expected: TensorSpecs | undefined },
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const where = store.pathOf(name);
  const file = await store.open(name);
  try {
    const { size } = file;
    const prefix = new Uint8Array(Math.min(8, size));
    await file.read(prefix, 0);
    const header = new Uint8Array(headerLength(prefix, size, where));
    await file.read(header, 8);
    const { tensors } = parseHeader(header, size - 8 - header.byteLength, where);
    if (expected !== undefined) checkTensors(tensors, expected, where);
    if (size > store.mostBytes)
      throw new CheckpointError(
        `${where}: too large for this machine, got ${size} bytes, expected at most ${store.mostBytes}`,
      );
    const bytes = new Uint8Array(size);
    await file.read(bytes, 0);
    if ((await sha256Hex([bytes])) !== digest)
      throw new CheckpointError(`${where}: damaged, got bytes whose SHA-256 differs from the one in ${digestFile}`);
    return readSafetensors(bytes, where).tensors;
  } finally {
    await file.close();
  }
}
