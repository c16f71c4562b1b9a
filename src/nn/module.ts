import { ConfigError } from "../errors.ts";
import { Tensor, Variable } from "../graph/tensor.ts";

/**
 * Every variable of a module by its field path, such as `encoder.layers.0.weight`, in the order of the fields. A module is any
 * object: its own enumerable properties are walked, arrays by index. A variable reached twice keeps its first path.
 */
export function variables(module: object): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const seen = new Set<object>();
  const walk = (holder: object, path: string): void => {
    if (seen.has(holder) || ArrayBuffer.isView(holder)) return;
    seen.add(holder);
    if (holder instanceof Variable) {
      if (found.has(path)) throw new ConfigError(`variables: two variables share the path ${path}, expected one each`);
      found.set(path, holder);
    } else if (!(holder instanceof Tensor)) {
      for (const [field, value] of Object.entries(holder))
        if (typeof value === "object" && value !== null) walk(value, path === "" ? field : `${path}.${field}`);
    }
  };
  walk(module, "");
  return found;
}

/**
 * The variables of a module that an optimizer may change.
 *
 * @example
 * const network = new MLP([2, 3, 1]);
 * [...parameters(network).keys()]; // ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
 */
export const parameters = (module: object): Map<string, Variable> =>
  new Map([...variables(module)].filter(([, variable]) => variable.trainable));

/** The parameters of some of a module's parts, by their paths in the module. */
export function parametersOf(module: object, ...parts: readonly object[]): Map<string, Variable> {
  const own = new Set(parts.flatMap((part) => Array.from(parameters(part).values())));
  return new Map([...parameters(module)].filter(([, parameter]) => own.has(parameter)));
}
