import { ConfigError } from "../../errors.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Conv } from "../../nn/conv.ts";
import { relu } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { concat, reshape } from "../../ops/movement.ts";
import type { FieldSpec } from "../model.ts";
import { conditionSize, conditionVector } from "../parts/condition-vector.ts";
import type { Grid, PixelCondition } from "./gated-stacks.ts";
import { SymbolInput } from "./pixel-inputs.ts";

type NumbersField = Extract<FieldSpec, { readonly kind: "numbers" }>;

/**
 * What a model of pixels is given of a condition (arXiv:1606.05328, section 2.3). Classes and numbers are one vector h, the same for each pixel
 * (eq. 4). A field that is a grid too, such as the codes of the level above (arXiv:1906.00446, section 3.2), is a picture s = m(h) (eq. 5): symbols as
 * learned vectors, a 3x3 convolution, and each place repeated over the pixels that it covers.
 */
export class PixelConditioning {
  readonly pictures: readonly PictureInput[];
  /** Sizes of the vector and of the picture. */
  readonly vector: number;
  readonly picture: number;
  readonly #vectors: readonly FieldSpec[];

  constructor(fields: readonly FieldSpec[], grid: Grid, features: number) {
    this.pictures = fields.filter(isPicture).map((field) => new PictureInput(field, grid, features));
    this.#vectors = fields.filter((field) => !isPicture(field));
    this.vector = conditionSize(this.#vectors);
    this.picture = features * this.pictures.length;
  }

  apply(context: Context, rows: number): PixelCondition {
    return {
      ...(this.vector > 0 && { vector: conditionVector(this.#vectors, context, rows) }),
      ...(this.picture > 0 && {
        picture: concat(
          this.pictures.map((picture) => picture.apply(context)),
          1,
        ),
      }),
    };
  }
}

const isPicture = (field: FieldSpec): field is NumbersField =>
  field.kind === "numbers" && (field.shape.length > 1 || field.symbols !== undefined);

class PictureInput {
  readonly symbols?: SymbolInput;
  readonly conv: Conv;
  readonly #field: NumbersField;
  readonly #grid: Grid;

  constructor(field: NumbersField, grid: Grid, features: number) {
    const { name, shape, symbols } = field;
    if (shape.length < 2 || shape.length > 3)
      throw new ConfigError(
        `fields: a condition of symbols is a grid, got ${name} of shape [${shape.join(", ")}], expected [height, width] or [channels, height, width]`,
      );
    const channels = shape.length === 3 ? shape[0]! : 1;
    if (symbols !== undefined) this.symbols = new SymbolInput(channels, symbols, features);
    this.conv = new Conv(this.symbols?.channels ?? channels, features, [3, 3], { padding: 1 });
    this.#field = field;
    this.#grid = grid;
  }

  /** [rows, features, height, width] of the grid. */
  apply({ condition }: Context): Tensor {
    const { name, shape } = this.#field;
    const given = condition![name]!;
    const image = reshape(given, [given.shape[0]!, shape.length === 3 ? shape[0]! : 1, ...shape.slice(-2)]);
    const s = relu(this.conv.apply(this.symbols ? this.symbols.apply(image) : image));
    const { height, width } = this.#grid;
    return repeated(repeated(s, 2, height), 3, width);
  }
}

/** The nearest entries along an axis for so many. */
function repeated(x: Tensor, axis: number, size: number): Tensor {
  const had = x.shape[axis]!;
  if (had === size) return x;
  const nearest = Array.from({ length: size }, (_, i) => Math.floor((i * had) / size));
  return gather(x, constant(nearest, [size], "int64"), axis);
}
