import { ConfigError } from "../errors.ts";
import { compileModule, type WasmExports } from "../wasm/module.ts";
import { fillKernel, GROUP, SAMPLE } from "./fill-kernel.ts";
import type { StreamKey } from "./philox.ts";

type Kernel = WasmExports<"fill">["fill"];

/** Samples generated at a time where they are copied out: a quarter page of memory, which stays in the L1 cache. */
const CHUNK = 4096;

let bind: ((memory: WebAssembly.Memory) => WasmExports<"fill">) | undefined;

function kernelOver(memory: WebAssembly.Memory): Kernel {
  bind ??= compileModule({ fill: fillKernel() });
  return bind(memory).fill;
}

let scratch: { fill: Kernel; words: Uint32Array<ArrayBuffer> } | undefined;

function scratchKernel() {
  if (scratch === undefined) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    scratch = { fill: kernelOver(memory), words: new Uint32Array(memory.buffer, 0, CHUNK) };
  }
  return scratch;
}

/**
 * Fills arrays with counter-based samples by WebAssembly SIMD. Sample i depends on (key, offset, i) only. Arrays in the given memory are written in
 * place, others are copied from a page of scratch memory; the bits are the same.
 */
export class PhiloxFiller {
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #inPlace: Kernel | undefined;

  constructor(memory?: WebAssembly.Memory) {
    this.#memory = memory;
    this.#inPlace = memory && kernelOver(memory);
  }

  /** Uniform uint32 words; `offset` counts 128-bit blocks of four samples. */
  fillUint32(out: Uint32Array, key: StreamKey, offset = 0): void {
    this.#fill(SAMPLE.uint32, out, key, offset);
  }

  /** Uniform float32 in [0, 1): the top 24 bits of the words of `fillUint32`, times 2^-24. */
  fillUniform(out: Float32Array, key: StreamKey, offset = 0): void {
    this.#fill(SAMPLE.uniform, out, key, offset);
  }

  /** Standard normal float32, independent of the words of `fillUint32`; magnitudes reach 6.66. */
  fillNormal(out: Float32Array, key: StreamKey, offset = 0): void {
    this.#fill(SAMPLE.normal, out, key, offset);
  }

  #fill(sample: number, out: Uint32Array | Float32Array, key: StreamKey, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new ConfigError(`random: block offset out of range, got ${offset}, expected an integer in [0, 2^53)`);
    const run = (fill: Kernel, start: number, end: number, block: number) =>
      fill(sample, start, end, block % 2 ** 32, block / 2 ** 32, key.k0, key.k1);

    let done = 0;
    if (this.#inPlace && this.#memory?.buffer === out.buffer) {
      done = out.length - (out.length % GROUP);
      if (done > 0) run(this.#inPlace, out.byteOffset, out.byteOffset + 4 * done, offset);
    }
    if (done === out.length) return;
    const { fill, words } = scratchKernel();
    const target = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (; done < out.length; done += CHUNK) {
      const count = Math.min(CHUNK, out.length - done);
      run(fill, 0, 4 * count, offset + done / 4);
      target.set(words.subarray(0, count), done);
    }
  }
}

const filler = new PhiloxFiller();

/** Fills `out` with uniform uint32 words; `offset` counts 128-bit blocks of four samples. */
export function fillUint32(out: Uint32Array, key: StreamKey, offset?: number): void {
  filler.fillUint32(out, key, offset);
}

/** Fills `out` with uniform float32 in [0, 1), multiples of 2^-24, from the words of `fillUint32`. */
export function fillUniform(out: Float32Array, key: StreamKey, offset?: number): void {
  filler.fillUniform(out, key, offset);
}

/** Fills `out` with standard normal float32, independent of the words of `fillUint32`. */
export function fillNormal(out: Float32Array, key: StreamKey, offset?: number): void {
  filler.fillNormal(out, key, offset);
}
