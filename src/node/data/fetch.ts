import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, openSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../errors.ts";
import { cacheFolder } from "../files/cache.ts";
import { fileError } from "../files/file-error.ts";

/** A file of a dataset as its makers published it. */
export interface PublishedFile {
  readonly name: string;
  /** Where that is published too. */
  readonly bytes?: number;
  /** What its bytes hash to, in hex. */
  readonly digest: { readonly algorithm: "sha256" | "md5"; readonly hex: string };
}

/** A dataset that can be fetched: its files, and the places that have them. */
export interface PublishedDataset {
  readonly name: string;
  readonly description: string;
  /** Each with a slash at its end; tried in turn. */
  readonly mirrors: readonly string[];
  readonly files: readonly PublishedFile[];
}

const idxFiles = (
  ...parts: readonly (readonly [part: string, bytes: number, sha256: string])[]
): readonly PublishedFile[] =>
  parts.map(([part, bytes, sha256]) => ({
    name: `${part}-${part.endsWith("images") ? "idx3" : "idx1"}-ubyte.gz`,
    bytes,
    digest: { algorithm: "sha256", hex: sha256 },
  }));

/** Datasets that can be fetched, by name. */
export const publishedDatasets: Readonly<Record<string, PublishedDataset>> = {
  mnist: {
    name: "mnist",
    description: "handwritten digits, [1, 28, 28], 60,000 + 10,000 (LeCun, Cortes & Burges), 12 MB",
    mirrors: ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
    files: idxFiles(
      ["train-images", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
      ["train-labels", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
      ["t10k-images", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
      ["t10k-labels", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
    ),
  },
  "fashion-mnist": {
    name: "fashion-mnist",
    description: "articles of clothing, [1, 28, 28], 60,000 + 10,000 (Xiao, Rasul & Vollgraf, arXiv:1708.07747), 31 MB",
    mirrors: [
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
    files: idxFiles(
      ["train-images", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
      ["train-labels", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
      ["t10k-images", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
      ["t10k-labels", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
    ),
  },
  cifar10: {
    name: "cifar10",
    description: "photographs of ten classes, [3, 32, 32], 50,000 + 10,000 (Krizhevsky 2009), 170 MB",
    mirrors: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        digest: { algorithm: "sha256", hex: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd" },
      },
    ],
  },
  dsprites: {
    name: "dsprites",
    description:
      "shapes in every scale, orientation and position, [1, 64, 64], 737,280 (Matthey, Higgins, Hassabis & Lerchner 2017), 26 MB",
    mirrors: ["https://raw.githubusercontent.com/google-deepmind/dsprites-dataset/master/"],
    files: [
      {
        name: "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        digest: { algorithm: "md5", hex: "7da33b31b13a06f4b04a70402ce90c2e" },
      },
    ],
  },
};

/** Largest size of a file of unknown size. */
const MOST_BYTES = 2 ** 28;
/** Bytes a second below which a mirror does not give a file: MNIST would take three hours. */
const leastRate = 1000;

/** The folder of a fetched dataset. */
export const fetchedFolder = (name: string): string => join(cacheFolder(), "datasets", name);

export interface FetchOptions {
  /** In place of the dataset's mirrors. */
  readonly from?: string;
  /** Called as bytes of a file arrive. */
  readonly onProgress?: (file: PublishedFile, bytes: number) => void;
  /** Over how long a mirror may be slower than 1 kB/s, in ms; a minute unless given. */
  readonly patienceMs?: number;
}

/**
 * Fetches what is missing of a dataset into the cache, and returns the folder. A file appears when it is whole and its SHA-256 is
 * right; a partial download is resumed. Throws `DataError` where no mirror gives it, or gives something else.
 */
export async function fetchDataset(dataset: PublishedDataset, options: FetchOptions = {}): Promise<string> {
  const folder = fetchedFolder(dataset.name);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, folder, "write");
  });
  for (const file of dataset.files) {
    const path = join(folder, file.name);
    const found = await stat(path).catch(() => undefined);
    const { algorithm, hex } = file.digest;
    if (found && isSize(file, found.size) && (await hashOf(path, algorithm)).digest("hex") === hex) continue;
    await fetchFile(dataset, file, path, options);
  }
  return folder;
}

async function fetchFile(
  { name, mirrors }: PublishedDataset,
  file: PublishedFile,
  path: string,
  { from, onProgress, patienceMs = 60_000 }: FetchOptions,
): Promise<void> {
  const failures: string[] = [];
  for (const mirror of from === undefined ? mirrors : [from.endsWith("/") ? from : `${from}/`]) {
    const url = `${mirror}${file.name}`;
    try {
      await download(url, file, `${path}.partial`, (bytes) => onProgress?.(file, bytes), patienceMs);
      await rename(`${path}.partial`, path);
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw fileError(error, path, "write");
      failures.push(`${error.message} from ${url}`);
    }
  }
  throw new DataError(
    `${name}: ${file.name} cannot be fetched, got ${failures.join(", and ")}, expected ${file.bytes === undefined ? "a file" : `${file.bytes} bytes`} of ${digestName(file)} ${file.digest.hex.slice(0, 12)}...; try again, or choose another mirror with --from URL`,
  );
}

/** A mirror does not give the file: another one may. */
class Unavailable extends Error {}

/** Writes the file to `partial`, after what is there already, and checks it. */
async function download(
  url: string,
  file: PublishedFile,
  partial: string,
  onBytes: (bytes: number) => void,
  patienceMs: number,
): Promise<void> {
  const { bytes, digest } = file;
  const most = bytes ?? MOST_BYTES;
  const begun = (await stat(partial).catch(() => undefined))?.size ?? 0;
  const have = begun < most ? begun : 0;
  const hashOfBegun = have > 0 ? await hashOf(partial, digest.algorithm) : undefined;
  let arrived = 0;
  const pace = atLeast(leastRate, patienceMs, () => arrived);
  try {
    const response = await fetch(url, {
      headers: { "accept-encoding": "identity", ...(have > 0 && { range: `bytes=${have}-` }) },
      signal: pace.signal,
    });
    // What was begun may be whole, or more than that.
    if (response.status === 416) await rm(partial, { force: true });
    if (!response.ok || !response.body) throw new Unavailable(`HTTP ${response.status}`);
    // A server that knows no ranges begins at the beginning.
    const goesOn =
      response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${have}-`) === true;
    if (response.status === 206 && !goesOn) throw new Unavailable("another range than asked for");
    const hash = (goesOn && hashOfBegun) || createHash(digest.algorithm);
    const before = goesOn ? have : 0;
    // Opened and written at once: a connection that breaks takes along what has arrived and is not read yet.
    const output = openSync(partial, goesOn ? "a" : "w");
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        arrived += chunk.length;
        if (before + arrived > most) break;
        writeFileSync(output, chunk);
        hash.update(chunk);
        onBytes(before + arrived);
      }
    } finally {
      closeSync(output);
    }
    const total = before + arrived;
    if (bytes !== undefined && total < bytes) throw new Unavailable(`the connection cut after ${total} bytes`);
    if (total > most || hash.digest("hex") !== digest.hex) {
      await rm(partial, { force: true });
      throw new Unavailable(total > most ? `more than ${most} bytes` : `another ${digestName(file)}`);
    }
  } catch (error) {
    if (error instanceof TypeError) throw new Unavailable(reasonOf(error));
    throw error;
  } finally {
    pace.end();
  }
}

/** A signal that is aborted, with what is wrong, where less than so many bytes a second arrive for a time. */
function atLeast(
  rate: number,
  patienceMs: number,
  arrived: () => number,
): { readonly signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  let before = 0;
  const timer = setInterval(() => {
    const bytes = arrived() - before;
    before += bytes;
    if (bytes >= (rate * patienceMs) / 1000) return;
    stop.abort(
      new Unavailable(`${bytes === 0 ? "nothing for" : `only ${bytes} bytes in`} ${patienceMs / 1000} seconds`),
    );
  }, patienceMs);
  return { signal: stop.signal, end: () => clearInterval(timer) };
}

/** What fetch hides in the cause of its "fetch failed" or "terminated". */
function reasonOf({ message, cause }: TypeError): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code === undefined ? message : `${message} (${code})`;
}

/** Whether a file may be whole, by its size. */
export const isSize = ({ bytes }: PublishedFile, size: number): boolean => bytes === undefined || size === bytes;

const digestName = ({ digest }: PublishedFile): string => (digest.algorithm === "md5" ? "MD5" : "SHA-256");

async function hashOf(path: string, algorithm: string): Promise<Hash> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash;
}
