import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/linear.ts";
import { normal } from "../../nn/initializers.ts";
import { sizeOf } from "../../graph/shape.ts";
import { cast, less, where } from "../../ops/comparison.ts";
import { concat, flatten, reshape } from "../../ops/movement.ts";
import type { FieldSpec } from "../model.ts";

/**
 * What a transformer is conditioned on, as tokens before its sequence: a class is one, numbers are one, and symbols, such as the codes of a
 * level above, one each. They see each other and are seen by all positions.
 */
export class ConditionTokens {
  readonly fields: readonly FieldSpec[];
  readonly embeddings: readonly (Embedding | Linear)[];
  /** [length, width]. */
  readonly positions: Variable;
  readonly length: number;

  constructor(fields: readonly FieldSpec[], width: number, std: number) {
    this.fields = fields;
    this.embeddings = fields.map((field) => {
      // One more for a class that is not known.
      if (field.kind === "class") return new Embedding(field.classes.length + 1, width, normal(std));
      if (field.symbols !== undefined) return new Embedding(field.symbols, width, normal(std));
      return new Linear(sizeOf(field.shape), width);
    });
    this.length = fields.reduce((total, field) => total + tokensOf(field), 0);
    this.positions = new Variable([this.length, width], { kind: "normal", mean: 0, std });
  }

  /** [rows, length, width]. */
  apply({ condition }: Context, rows: number): Tensor {
    const parts = this.fields.map((field, i) => {
      const embedding = this.embeddings[i]!;
      const given = condition?.[field.name];
      if (field.kind === "class") {
        const unknown = constant(field.classes.length, [], "int64");
        const y = given ? where(less(given, 0), unknown, given) : unknown.broadcastTo([rows]);
        return embedding.apply(reshape(y, [rows, 1]));
      }
      const x = given ? flatten(given) : constant(0).broadcastTo([rows, sizeOf(field.shape)]);
      if (field.symbols !== undefined) return embedding.apply(cast(x, "int64"));
      return reshape(embedding.apply(x), [rows, 1, -1]);
    });
    return (parts.length === 1 ? parts[0]! : concat(parts, 1)).add(this.positions);
  }
}

/** How many tokens a field is. */
export const tokensOf = (field: FieldSpec): number =>
  field.kind === "numbers" && field.symbols !== undefined ? sizeOf(field.shape) : 1;
