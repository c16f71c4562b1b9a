import { PhiloxFiller, type StreamKey } from "../../random/index.ts";
import { compileModule } from "../../wasm/module.ts";
import type { Binarization } from "../binarize.ts";
import { exampleSize, type Dataset } from "../dataset.ts";
import { sampleBernoulli, GROUP, scaleBytes } from "./example-kernel.ts";

type Kernel = ReturnType<ReturnType<typeof compileModule<"scaleBytes" | "sampleBernoulli">>>;

let bind: ((memory: WebAssembly.Memory) => Kernel) | undefined;

/** Two 16-bit numbers just below one half. */
const HALVES = 0x7fff7fff;

/**
 * Converts stored examples to float32: intensities in [0, 1], optionally binarized, or real numbers unchanged. Works through a few kilobytes of
 * WebAssembly memory that hold one example.
 *
 * A Bernoulli sample takes 16 random bits r per value, consecutive in the stream `key` at an offset given by the example's index, so it depends
 * on nothing else. An intensity p becomes 1 where r + 1/2 < 2^16 p, so its probability is p rounded to a multiple of 2^-16. `threshold` is the
 * sample with all r = 2^15 - 1.
 */
export class ExampleReader {
  readonly #dataset: Dataset;
  readonly #binarize: Binarization;
  readonly #kernel: Kernel;
  readonly #philox: PhiloxFiller;
  readonly #floats: Float32Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** The example itself, without the padding. */
  readonly #result: Float32Array<ArrayBuffer>;

  constructor(dataset: Dataset, binarize: Binarization) {
    const size = exampleSize(dataset);
    const padded = Math.ceil(size / (2 * GROUP)) * 2 * GROUP;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((7 * padded) / 65536) });
    bind ??= compileModule({ scaleBytes, sampleBernoulli });
    this.#dataset = dataset;
    this.#binarize = binarize;
    this.#kernel = bind(memory);
    this.#philox = new PhiloxFiller(memory);
    this.#floats = new Float32Array(memory.buffer, 0, padded);
    this.#words = new Uint32Array(memory.buffer, 4 * padded, padded / 2).fill(HALVES);
    this.#bytes = new Uint8Array(memory.buffer, 6 * padded, padded);
    this.#result = this.#floats.subarray(0, size);
  }

  /** Writes the examples one after another to the start of `out`. */
  read(out: Float32Array, examples: Uint32Array, key: StreamKey): void {
    const size = this.#result.length;
    const floats = this.#floats;
    const words = this.#words;
    for (let row = 0; row < examples.length; row++) {
      const example = examples[row]!;
      this.#scale(example);
      if (this.#binarize === "dynamic" || this.#binarize === "fixed")
        this.#philox.fillUint32(words, key, example * (words.length / 4));
      if (this.#binarize !== "none")
        this.#kernel.sampleBernoulli(floats.byteOffset, floats.byteOffset + floats.byteLength, words.byteOffset);
      out.set(this.#result, row * size);
    }
  }

  #scale(example: number) {
    const { values, range } = this.#dataset;
    const result = this.#result;
    const from = example * result.length;
    const [low, high] = range ?? [0, 1];
    if (values instanceof Float32Array) {
      for (let i = 0; i < result.length; i++) result[i] = (values[from + i]! - low) / (high - low);
      return;
    }
    if ("readFloats" in values) {
      values.readFloats(example, result);
      return;
    }
    const { byteOffset, byteLength } = this.#floats;
    if (values instanceof Uint8Array) this.#bytes.set(values.subarray(from, from + result.length));
    else values.read(example, this.#bytes.subarray(0, result.length));
    this.#kernel.scaleBytes(this.#bytes.byteOffset, byteOffset, byteOffset + byteLength, low, high - low);
  }
}
