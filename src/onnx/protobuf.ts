/**
 * A writer of protocol-buffer messages (wire format, proto3): field numbers and values, no schema.
 * Large byte fields are held by reference until `finish`, so weights are copied once.
 */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];
  #small: number[] = [];
  #length = 0;

  get length(): number {
    return this.#length + this.#small.length;
  }

  /** A signed or unsigned integer field (varint); negative numbers take ten bytes, as in int64. */
  int(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    this.#small.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  double(field: number, value: number): this {
    this.#varint(field * 8 + 1);
    this.#small.push(...new Uint8Array(Float64Array.of(value).buffer));
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    if (value.length < 256) this.#small.push(...value);
    else {
      this.#flush();
      this.#push(value);
    }
    return this;
  }

  /** A nested message. */
  message(field: number, write: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    this.#varint(field * 8 + 2);
    this.#varint(inner.length);
    this.#flush();
    inner.#flush();
    for (const chunk of inner.#chunks) this.#push(chunk);
    return this;
  }

  finish(): Uint8Array {
    this.#flush();
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #flush(): void {
    if (this.#small.length === 0) return;
    this.#push(Uint8Array.from(this.#small));
    this.#small = [];
  }

  #varint(value: number): void {
    if (value >= 0 && value < 2 ** 31) {
      let v = value;
      for (; v > 127; v >>>= 7) this.#small.push((v & 127) | 128);
      this.#small.push(v);
      return;
    }
    let v = BigInt.asUintN(64, BigInt(value));
    for (; v > 127n; v >>= 7n) this.#small.push(Number(v & 127n) | 128);
    this.#small.push(Number(v));
  }
}
