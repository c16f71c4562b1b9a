import { type Code, unsigned, type ValueType } from "./instructions.ts";

const valueTypeCode: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A parameter or local variable. As an operand it reads its value. */
export interface Local<T extends ValueType> extends Code<T> {
  set(value: Code<T>): Code<"none">;
  /** Assigns and leaves the value on the stack. */
  tee(value: Code<T>): Code<T>;
}

/** Declares another local variable of the function being built, initially zero. */
export type DeclareLocal = <T extends ValueType>(type: T) => Local<T>;

/** An encoded function of a module; created by `defineFunction`. */
export interface WasmFunction {
  readonly params: readonly ValueType[];
  readonly result: ValueType | "none";
  readonly locals: readonly ValueType[];
  readonly body: readonly number[];
}

function localAt<T extends ValueType>(index: number, type: T): Local<T> {
  const at = unsigned(index);
  return {
    type,
    bytes: [0x20, ...at],
    set: (value) => ({ type: "none", bytes: [...value.bytes, 0x21, ...at] }),
    tee: (value) => ({ type, bytes: [...value.bytes, 0x22, ...at] }),
  };
}

/**
 * Defines a function: `build` receives its parameters by name and returns its instructions in order. The function returns the value of the last
 * one, or nothing if that leaves none; all others leave none.
 */
export function defineFunction<Params extends Readonly<Record<string, ValueType>>>(
  params: Params,
  build: (
    params: { readonly [Name in keyof Params]: Local<Params[Name]> },
    local: DeclareLocal,
  ) => readonly [...Code<"none">[], Code<ValueType | "none">],
): WasmFunction {
  const types = Object.values(params);
  const locals: ValueType[] = [];
  const declareLocal: DeclareLocal = (type) => localAt(types.length + locals.push(type) - 1, type);
  const named = Object.fromEntries(Object.entries(params).map(([name, type], index) => [name, localAt(index, type)]));
  // Object.fromEntries loses the correspondence of names and types.
  const code = build(named as { [Name in keyof Params]: Local<Params[Name]> }, declareLocal);
  const last = code.at(-1) as Code<ValueType | "none">;
  return { params: types, result: last.type, locals, body: code.flatMap(({ bytes }) => bytes) };
}

const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly (readonly number[])[]) => [id, ...sized(vector(items))];
const name = (text: string) => sized([...new TextEncoder().encode(text)]);

/** Encodes a module that imports its memory as "env" "memory" and exports `functions` by name. */
export function encodeModule(functions: Readonly<Record<string, WasmFunction>>): Uint8Array<ArrayBuffer> {
  const list = Object.values(functions);
  const types = list.map(({ params, result }) => [
    0x60,
    ...vector(params.map((type) => [valueTypeCode[type]])),
    ...vector(result === "none" ? [] : [[valueTypeCode[result]]]),
  ]);
  const bodies = list.map(({ locals, body }) =>
    sized([...vector(locals.map((type) => [1, valueTypeCode[type]])), ...body, 0x0b]),
  );
  const memory = [...name("env"), ...name("memory"), 0x02, 0x00, 0x00]; // no maximum, at least 0 pages
  const exported = Object.keys(functions).map((key, index) => name(key).concat(0x00, unsigned(index)));
  const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return Uint8Array.from([
    ...magicAndVersion,
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      list.map((_, index) => unsigned(index)),
    ),
    ...section(7, exported),
    ...section(10, bodies),
  ]);
}

/** The exported functions; arguments are JavaScript numbers, converted to f32 and i32 as WebAssembly does. */
export type WasmExports<Name extends string> = Readonly<Record<Name, (...args: number[]) => number>>;

/**
 * Compiles synchronously, which browsers allow on the main thread for modules below 4 KiB. An invalid module is a programming error and throws
 * `WebAssembly.CompileError`.
 */
export function compileModule<Name extends string>(functions: Readonly<Record<Name, WasmFunction>>) {
  const module = new WebAssembly.Module(encodeModule(functions));
  /** Binds the functions to a (non-shared) memory, which may grow. */
  return (memory: WebAssembly.Memory) =>
    new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmExports<Name>; // exported by encodeModule
}
