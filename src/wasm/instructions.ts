/** The WebAssembly value types in use. */
export type ValueType = "i32" | "f32" | "f64" | "v128";

/** Encoded instructions that leave one value of type T on the stack, or nothing ("none"). Operands are nested, as in folded WAT. */
export interface Code<T extends ValueType | "none"> {
  readonly type: T;
  readonly bytes: readonly number[];
}

type Vector = Code<"v128">;

/** Unsigned LEB128 of an integer in [0, 2^32). */
export function unsigned(value: number): number[] {
  const bytes = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** Signed LEB128 of a 32-bit integer, given as int32 or as uint32 with the same bits. */
function signed(value: number): number[] {
  const bytes = [];
  let rest = value | 0;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}

function emit<T extends ValueType | "none">(
  type: T,
  operands: readonly Code<ValueType>[],
  opcode: readonly number[],
): Code<T> {
  return { type, bytes: [...operands.flatMap((operand) => operand.bytes), ...opcode] };
}

const simd = (opcode: number) => [0xfd, ...unsigned(opcode)];

/** Instruction from operands of types A and B (or two of A) to a result of type T. */
const unary =
  <T extends ValueType, A extends ValueType = T>(type: T, opcode: readonly number[]) =>
  (x: Code<A>): Code<T> =>
    emit(type, [x], opcode);
const binary =
  <T extends ValueType, A extends ValueType = T, B extends ValueType = A>(type: T, opcode: readonly number[]) =>
  (x: Code<A>, y: Code<B>): Code<T> =>
    emit(type, [x, y], opcode);

const vectorUnary = (opcode: number) => unary("v128", simd(opcode));
const vectorBinary = (opcode: number) => binary("v128", simd(opcode));
const vectorShift = (opcode: number) => binary<"v128", "v128", "i32">("v128", simd(opcode));
const splat = <A extends ValueType>(opcode: number) => unary<"v128", A>("v128", simd(opcode));

/** No alignment is assumed: typed-array views may start at any multiple of their element size. */
const load =
  <T extends ValueType>(type: T, opcode: readonly number[]) =>
  (address: Code<"i32">, offset = 0): Code<T> =>
    emit(type, [address], [...opcode, 0, ...unsigned(offset)]);
const store =
  <T extends ValueType>(opcode: readonly number[]) =>
  (address: Code<"i32">, value: Code<T>, offset = 0): Code<"none"> =>
    emit("none", [address, value], [...opcode, 0, ...unsigned(offset)]);

const floatBytes = (value: number) => [...new Uint8Array(new Float32Array([value]).buffer)];

export const i32 = {
  const: (value: number): Code<"i32"> => emit("i32", [], [0x41, ...signed(value)]),
  load: load("i32", [0x28]),
  store: store<"i32">([0x36]),
  eqz: unary("i32", [0x45]),
  eq: binary("i32", [0x46]),
  ltU: binary("i32", [0x49]),
  add: binary("i32", [0x6a]),
  sub: binary("i32", [0x6b]),
  mul: binary("i32", [0x6c]),
  and: binary("i32", [0x71]),
  shl: binary("i32", [0x74]),
};

/** Scalar and vector instructions share names, so one lowering serves both the vector loop and the remainder. */
export const f32 = {
  const: (value: number): Code<"f32"> => emit("f32", [], [0x43, ...floatBytes(value)]),
  load: load("f32", [0x2a]),
  store: store<"f32">([0x38]),
  eq: binary<"i32", "f32">("i32", [0x5b]),
  ne: binary<"i32", "f32">("i32", [0x5c]),
  lt: binary<"i32", "f32">("i32", [0x5d]),
  gt: binary<"i32", "f32">("i32", [0x5e]),
  le: binary<"i32", "f32">("i32", [0x5f]),
  ge: binary<"i32", "f32">("i32", [0x60]),
  abs: unary("f32", [0x8b]),
  neg: unary("f32", [0x8c]),
  sqrt: unary("f32", [0x91]),
  add: binary("f32", [0x92]),
  sub: binary("f32", [0x93]),
  mul: binary("f32", [0x94]),
  div: binary("f32", [0x95]),
  min: binary("f32", [0x96]),
  max: binary("f32", [0x97]),
};

/** Scalar float64, for sums of many float32. */
export const f64 = {
  const: (value: number): Code<"f64"> => emit("f64", [], [0x44, ...new Uint8Array(new Float64Array([value]).buffer)]),
  sqrt: unary("f64", [0x9f]),
  add: binary("f64", [0xa0]),
  sub: binary("f64", [0xa1]),
  mul: binary("f64", [0xa2]),
  div: binary("f64", [0xa3]),
  promote: unary<"f64", "f32">("f64", [0xbb]),
};

export const v128 = {
  load: load("v128", simd(0)),
  /** The eight bytes at an address, twice. */
  load64Splat: load("v128", simd(10)),
  store: store<"v128">(simd(11)),
  /** Sixteen bytes, lowest address first. */
  const: (bytes: readonly number[]): Vector => emit("v128", [], [...simd(12), ...bytes]),
  /** Picks four 32-bit lanes of the eight in x (0-3) and y (4-7). */
  shuffle32: (x: Vector, y: Vector, lanes: readonly [number, number, number, number]): Vector =>
    emit("v128", [x, y], [...simd(13), ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte))]),
  not: vectorUnary(77),
  and: vectorBinary(78),
  /** x AND NOT y. */
  andnot: vectorBinary(79),
  or: vectorBinary(80),
  xor: vectorBinary(81),
  /** Bits of x where the mask is 1, of y where it is 0. */
  bitselect: (x: Vector, y: Vector, mask: Vector): Vector => emit("v128", [x, y, mask], simd(82)),
};

export const i16x8 = {
  /** The low or high eight bytes, as uint16. */
  extendLowU8: vectorUnary(137),
  extendHighU8: vectorUnary(138),
};

export const i32x4 = {
  splat: splat<"i32">(17),
  const: (lanes: readonly [number, number, number, number]): Vector =>
    v128.const([...new Uint8Array(new Uint32Array(lanes).buffer)]),
  eq: vectorBinary(55),
  ltU: vectorBinary(58),
  /** The low or high four uint16, as uint32. */
  extendLowU16: vectorUnary(169),
  extendHighU16: vectorUnary(170),
  shl: vectorShift(171),
  shrS: vectorShift(172),
  shrU: vectorShift(173),
  add: vectorBinary(174),
  sub: vectorBinary(177),
  mul: vectorBinary(181),
};

export const i64x2 = {
  add: vectorBinary(206),
  /** Full 64-bit products of the unsigned 32-bit lanes 0, 1 (low) or 2, 3 (high). */
  extmulLowU32: vectorBinary(222),
  extmulHighU32: vectorBinary(223),
};

export const f32x4 = {
  splat: splat<"f32">(19),
  extractLane: (x: Vector, lane: number): Code<"f32"> => emit("f32", [x], [...simd(31), lane]),
  eq: vectorBinary(65),
  ne: vectorBinary(66),
  lt: vectorBinary(67),
  gt: vectorBinary(68),
  le: vectorBinary(69),
  ge: vectorBinary(70),
  abs: vectorUnary(224),
  neg: vectorUnary(225),
  sqrt: vectorUnary(227),
  add: vectorBinary(228),
  sub: vectorBinary(229),
  mul: vectorBinary(230),
  div: vectorBinary(231),
  min: vectorBinary(232),
  max: vectorBinary(233),
  convertI32x4S: vectorUnary(250),
};

export const f64x2 = {
  add: vectorBinary(240),
  sub: vectorBinary(241),
  mul: vectorBinary(242),
};

/** `condition ? x : y` for scalars; both sides are evaluated. */
export function select<T extends Exclude<ValueType, "v128">>(x: Code<T>, y: Code<T>, condition: Code<"i32">): Code<T> {
  return emit(x.type, [x, y, condition], [0x1b]);
}

const NO_RESULT = 0x40;

function sequence(opening: readonly number[], body: readonly Code<"none">[]): Code<"none"> {
  return { type: "none", bytes: [...opening, ...body.flatMap((code) => code.bytes), 0x0b] };
}

/** A branch to a block leaves it; depth 0 is the innermost enclosing block, loop or branch of `when`. */
export const block = (body: readonly Code<"none">[]) => sequence([0x02, NO_RESULT], body);
/** A branch to a loop starts it again; without one it ends after its body. */
export const loop = (body: readonly Code<"none">[]) => sequence([0x03, NO_RESULT], body);
export const br = (depth: number) => emit("none", [], [0x0c, ...unsigned(depth)]);
export const brIf = (depth: number, condition: Code<"i32">) => emit("none", [condition], [0x0d, ...unsigned(depth)]);
export function when(condition: Code<"i32">, then: readonly Code<"none">[], otherwise: readonly Code<"none">[] = []) {
  const opening = [...condition.bytes, 0x04, NO_RESULT];
  const orElse: Code<"none">[] = otherwise.length > 0 ? [{ type: "none", bytes: [0x05] }, ...otherwise] : [];
  return sequence(opening, [...then, ...orElse]);
}
