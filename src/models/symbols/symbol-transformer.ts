import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Embedding } from "../../nn/embedding.ts";
import { normal, zeros } from "../../nn/initializers.ts";
import { Linear } from "../../nn/linear.ts";
import { LayerNorm } from "../../nn/normalization.ts";
import { type Memory, TransformerBlock } from "../../nn/attention.ts";
import { equal, lessEqual, where } from "../../ops/comparison.ts";
import { dynamicSlice } from "../../ops/indexing.ts";
import { concat, reshape, slice } from "../../ops/movement.ts";
import type { FieldSpec } from "../model.ts";
import { ConditionTokens } from "./condition-tokens.ts";
import type { SymbolCoding } from "./symbol-coding.ts";

/** Features of each head. */
export const HEAD = 32;
/** Standard deviation of embeddings and positions at first. */
const STD = 0.5;

export interface SymbolTransformerOptions {
  readonly coding: Pick<SymbolCoding, "length" | "symbols" | "counts">;
  readonly width: number;
  readonly depth: number;
  readonly dropout: number;
  readonly causal: boolean;
  readonly fields: readonly FieldSpec[];
}

/**
 * A transformer (Vaswani et al. 2017, arXiv:1706.03762) from a sequence of tokens to logits of a symbol at each position. Tokens are symbols, and
 * one more, `extra`: what stands before the first position, or where a symbol is masked. A condition is tokens before the sequence.
 */
export class SymbolTransformer {
  readonly embedding: Embedding;
  /** [length, width]. */
  readonly positions: Variable;
  readonly given?: ConditionTokens;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly last: Linear;
  /** The token that is no symbol. */
  readonly extra: number;
  readonly length: number;
  /** What is added to logits where positions have fewer symbols than others: [length, symbols]. */
  readonly #absent: Tensor | undefined;

  constructor({ coding, width, depth, dropout, causal, fields }: SymbolTransformerOptions) {
    const { length, symbols, counts } = coding;
    this.length = length;
    this.extra = symbols;
    this.embedding = new Embedding(symbols + 1, width, normal(STD));
    this.positions = new Variable([length, width], { kind: "normal", mean: 0, std: STD });
    if (fields.length > 0) this.given = new ConditionTokens(fields, width, STD);
    this.blocks = Array.from({ length: depth }, () => new TransformerBlock(width, width / HEAD, { dropout, causal }));
    this.norm = new LayerNorm(width);
    // At first all symbols are equally likely.
    this.last = new Linear(width, symbols, { weight: zeros });
    this.#absent =
      counts &&
      constant(
        counts.flatMap((count) => Array.from({ length: symbols }, (_, k) => (k < count ? 0 : -1e9))),
        [length, symbols],
      );
  }

  /** Tokens, int64 [rows, length], as vectors: [rows, length, width]. */
  embed(tokens: Tensor): Tensor {
    return this.embedding.apply(tokens);
  }

  /** Logits [rows, length, symbols] of embedded tokens. */
  apply(embedded: Tensor, context: Context): Tensor {
    const before = this.given?.apply(context, embedded.shape[0]!);
    const tokens = embedded.add(this.positions);
    const all = before ? concat([before, tokens], 1) : tokens;
    const h = this.blocks.reduce((x, block) => block.apply(x, context), all);
    return this.#logits(before ? slice(h, 1, before.shape[1]!) : h, this.#absent);
  }

  #logits(h: Tensor, absent: Tensor | undefined): Tensor {
    const logits = this.last.apply(this.norm.apply(h));
    return absent ? logits.add(absent) : logits;
  }

  /** What a causal transformer's blocks remember before the first position, with room for all. */
  start(rows: number, context: Context): readonly Memory[] {
    const { heads } = this.blocks[0]!.attention;
    const room: Memory = {
      keys: constant(0).broadcastTo([rows, heads, HEAD, this.length]),
      values: constant(0).broadcastTo([rows, heads, this.length, HEAD]),
    };
    if (!this.given) return this.blocks.map(() => room);
    const memories: Memory[] = [];
    const attend = ({ attention }: TransformerBlock, h: Tensor): Tensor => {
      const { keys, values } = attention.remember(h);
      memories.push({ keys: concat([keys, room.keys], 3), values: concat([values, room.values], 2) });
      return attention.apply(h);
    };
    this.#through(this.given.apply(context, rows), context, attend);
    return memories;
  }

  /** Logits [rows, symbols] at a position, an int64 scalar, of the token before it, int64 [rows, 1], and what is then remembered. */
  step(
    token: Tensor,
    {
      position,
      memories,
      context,
    }: { readonly position: Tensor; readonly memories: readonly Memory[]; readonly context: Context },
  ): { readonly logits: Tensor; readonly memories: readonly Memory[] } {
    const time = memories[0]!.keys.shape[3]!;
    const places = constant([...Array.from({ length: time }).keys()], [time], "int64");
    const here = position.add(constant(time - this.length, [], "int64"));
    const bias = where(lessEqual(places, here), 0, -Infinity);
    const isHere = equal(places, here);
    const row = reshape(isHere, [time, 1]);
    const next: Memory[] = [];
    const attend = ({ attention }: TransformerBlock, h: Tensor): Tensor => {
      const one = attention.remember(h);
      const before = memories[next.length]!;
      const memory = { keys: where(isHere, one.keys, before.keys), values: where(row, one.values, before.values) };
      next.push(memory);
      return attention.attend(h, memory, bias);
    };
    const h = this.embed(token).add(dynamicSlice(this.positions, 0, position, 1));
    const absent = this.#absent && dynamicSlice(this.#absent, 0, position, 1);
    const logits = this.#logits(this.#through(h, context, attend), absent);
    return { logits: reshape(logits, [token.shape[0]!, this.extra]), memories: next };
  }

  #through(x: Tensor, context: Context, attend: (block: TransformerBlock, h: Tensor) => Tensor): Tensor {
    return this.blocks.reduce((h, block) => block.apply(h, context, { attend: (n) => attend(block, n) }), x);
  }
}
