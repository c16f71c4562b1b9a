import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks } from "./byte-file.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import { createDataSource, split, whole, type DataSource, type SplitOptions } from "../split.ts";

/** A record: a label, then the red, green and blue planes of 32 x 32 pixels (www.cs.toronto.edu/~kriz/cifar.html, binary version). */
const IMAGE = 3 * 32 * 32;
const RECORDS = 10_000;
const BATCH_BYTES = RECORDS * (1 + IMAGE);
const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = "test_batch.bin";
const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/** Reads CIFAR-10 from cifar-10-binary.tar.gz without unpacking it to disk. Throws `DataError`. */
export async function readCifar10(
  file: ByteFile,
  options: Pick<SplitOptions, "validation" | "seed"> = {},
): Promise<DataSource> {
  const batches = await readBatches(file);
  const train = await dataset(
    BATCHES.map((name) => batches.get(name)!),
    "train",
  );
  const test = await dataset([batches.get(TEST)!], "test");
  const parted = split(train, options);
  return createDataSource({
    name: "cifar10",
    description: `${train.size} training and ${test.size} test examples of CIFAR-10 from ${file.name}`,
    train: parted.train,
    validation: parted.validation,
    test: whole(test),
  });
}

function dataset(batches: readonly Uint8Array[], part: string): Promise<Dataset<Uint8Array>> {
  const size = batches.length * RECORDS;
  const values = new Uint8Array(size * IMAGE);
  const labels = new Uint8Array(size);
  batches.forEach((batch, b) => {
    for (let i = 0; i < RECORDS; i++) {
      const record = batch.subarray(i * (1 + IMAGE), (i + 1) * (1 + IMAGE));
      labels[b * RECORDS + i] = record[0]!;
      values.set(record.subarray(1), (b * RECORDS + i) * IMAGE);
    }
  });
  return createDataset({
    name: "cifar10",
    description: `${size} images of CIFAR-10 (${part})`,
    shape: [3, 32, 32],
    size,
    values,
    range: [0, 255],
    labels,
    classNames: CLASSES,
  });
}

/** The six batches of a gzipped tar archive (POSIX ustar), by base name. */
async function readBatches(file: ByteFile): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = new Set([...BATCHES, TEST]);
  const found = new Map<string, Uint8Array>();
  const unpacked = file.stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = new ByteReader(fileChunks(unpacked, file.name, "gzip"), file.name);
  try {
    while (found.size < wanted.size) {
      const head = await reader.take(512, "an archive that lacks batches");
      const field = (from: number, to: number): string =>
        new TextDecoder().decode(head.subarray(from, to)).split("\0", 1)[0]!.trim();
      const name = field(0, 100).split("/").at(-1)!;
      const size = Number.parseInt(field(124, 136) || "0", 8);
      if (field(257, 262) !== "ustar" || !Number.isSafeInteger(size))
        throw new DataError(
          `${file.name}: not CIFAR-10's archive, got something else than tar headers, expected cifar-10-binary.tar.gz`,
        );
      const padded = Math.ceil(size / 512) * 512;
      if (wanted.has(name)) {
        if (size !== BATCH_BYTES)
          throw new DataError(`${file.name}: ${name} has a wrong size, got ${size} bytes, expected ${BATCH_BYTES}`);
        found.set(name, (await reader.take(padded, name)).subarray(0, size));
      } else for (let left = padded; left > 0; left -= 65536) await reader.take(Math.min(left, 65536), name);
    }
  } finally {
    await reader.close();
  }
  return found;
}
