import { constant, type Tensor } from "../../../graph/tensor.ts";
import type { Condition, Context } from "../../../nn/context.ts";
import { where } from "../../../ops/comparison.ts";
import { concat, reshape } from "../../../ops/movement.ts";
import { resizeBilinear } from "../../../ops/resize.ts";
import type { FieldSpec } from "../../model.ts";
import { conditionSize, conditionVector } from "../../parts/condition-vector.ts";
import { over } from "../noise/noise-level.ts";

type NumbersField = Extract<FieldSpec, { readonly kind: "numbers" }>;
/** A field that is an image too: [channels, height, width]. */
type PictureField = NumbersField & { readonly shape: readonly [number, number, number] };

/** Where a condition says which examples have numbers of a field: [batch], 1 or 0; all of them when missing. */
const knownName = (field: string): string => `${field} known`;

/** A condition without a field in the rows where `dropped` [batch] is true: a class of -1 there, and numbers that are not known. */
export function withoutField(condition: Condition, { name, kind }: FieldSpec, dropped: Tensor): Condition {
  const given = condition[name];
  if (!given) return condition;
  if (kind === "class") return { ...condition, [name]: where(dropped, constant(-1, [], "int64"), given) };
  return { ...condition, [knownName(name)]: where(dropped, constant(0), constant(1)) };
}

export interface ConditionInputOptions {
  /** Whether y is an image, and fields that are images become channels beside it in place of a part of the vector. */
  readonly beside: boolean;
  /** Numbers of fields as networks see them, where that is not as they are. */
  readonly seen?: Readonly<Record<string, (given: Tensor) => Tensor>>;
}

/**
 * What a network is given of a condition. A class is one-hot, and 0 where it is not known. Numbers have a 1 beside them, and where they are not
 * known all are 0. Images are enlarged to the size of y and are channels beside it (SR3, arXiv:2104.07636); all else is one vector.
 */
export class ConditionInput {
  /** Of the vector. */
  readonly size: number;
  /** Beside y. */
  readonly channels: number;
  readonly #vectors: readonly FieldSpec[];
  readonly #pictures: readonly PictureField[];
  readonly #seen: NonNullable<ConditionInputOptions["seen"]>;

  constructor(fields: readonly FieldSpec[], { beside, seen = {} }: ConditionInputOptions) {
    this.#pictures = beside ? fields.filter(isPicture) : [];
    this.#vectors = beside ? fields.filter((field) => !isPicture(field)) : fields;
    this.#seen = seen;
    this.size = conditionSize(this.#vectors) + this.#vectors.filter(isNumbers).length;
    this.channels = this.#pictures.reduce((total, { shape: [channels] }) => total + channels + 1, 0);
  }

  /** [rows, size]. */
  vector(context: Context, rows: number): Tensor {
    const numbers = this.#vectors.filter(isNumbers);
    const found = numbers.map((field) => this.#numbers(field, context, rows));
    const condition = {
      ...context.condition,
      ...Object.fromEntries(numbers.map(({ name }, i) => [name, found[i]!.x] as const)),
    };
    const values = conditionVector(this.#vectors, { ...context, condition }, rows);
    return numbers.length === 0 ? values : concat([values, ...found.map(({ known }) => reshape(known, [rows, 1]))], 1);
  }

  /** y [rows, c, h, w] with `channels` more. */
  beside(y: Tensor, context: Context): Tensor {
    if (this.#pictures.length === 0) return y;
    const [rows, , height, width] = y.shape as readonly [number, number, number, number];
    const parts = this.#pictures.flatMap((field) => {
      const { x, known } = this.#numbers(field, context, rows);
      const same = field.shape[1] === height && field.shape[2] === width;
      return [
        same ? x : resizeBilinear(x, { size: [height, width] }),
        over(y, known).broadcastTo([rows, 1, height, width]),
      ];
    });
    return concat([y, ...parts], 1);
  }

  /** Numbers of a field [rows, ...shape], 0 in the rows that do not have them, and which do: [rows], 1 or 0. */
  #numbers({ name, shape }: NumbersField, { condition }: Context, rows: number): { x: Tensor; known: Tensor } {
    const given = condition?.[name];
    if (!given) return { x: constant(0).broadcastTo([rows, ...shape]), known: constant(0).broadcastTo([rows]) };
    const x = this.#seen[name]?.(given) ?? given;
    const known = condition[knownName(name)];
    return known ? { x: x.mul(over(x, known)), known } : { x, known: constant(1).broadcastTo([rows]) };
  }
}

const isNumbers = (field: FieldSpec): field is NumbersField => field.kind === "numbers";
const isPicture = (field: FieldSpec): field is PictureField => isNumbers(field) && field.shape.length === 3;
