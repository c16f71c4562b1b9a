/** Memory that those who work at the same time share: who finds too little left waits for others to give theirs back, first come first served. */
export class MemoryBudget {
  readonly #bytes: number;
  #left: number;
  readonly #waiting: { readonly bytes: number; readonly begin: () => void }[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#left = bytes;
  }

  /** Runs `work` once so many bytes are left, the whole budget at most. */
  async during<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const taken = Math.min(bytes, this.#bytes);
    if (this.#waiting.length > 0 || taken > this.#left)
      await new Promise<void>((begin) => this.#waiting.push({ bytes: taken, begin }));
    else this.#left -= taken;
    try {
      return await work();
    } finally {
      this.#left += taken;
      for (let next = this.#waiting[0]; next && next.bytes <= this.#left; next = this.#waiting[0]) {
        this.#waiting.shift();
        this.#left -= next.bytes;
        next.begin();
      }
    }
  }
}
