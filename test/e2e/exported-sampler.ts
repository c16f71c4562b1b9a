/** Sampling by an export's own description of it: `latentkit.json`, its files, and nothing else of Latentkit. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

interface Described {
  readonly name: string;
  readonly dtype: "float32" | "int64";
  readonly shape: readonly (number | string)[];
}

interface Manifest {
  readonly functions: readonly {
    readonly name: string;
    readonly file: string;
    readonly inputs: readonly Described[];
    readonly noise?: Readonly<Record<string, "normal" | "uniform">>;
  }[];
  readonly sampling: {
    readonly options: Readonly<Record<string, unknown>>;
    readonly steps: readonly { readonly graph: string; readonly at: Readonly<Record<string, number>> }[];
  };
}

/** `count` examples, of noise that `uniform` gives: numbers on [0, 1). */
export async function exportedSamples(folder: string, count: number, uniform: () => number): Promise<Float32Array> {
  const { functions, sampling } = JSON.parse(readFileSync(join(folder, "latentkit.json"), "utf8")) as Manifest;
  const sessions = new Map<string, InferenceSession>();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const run = async (
    name: string,
    values: Readonly<Record<string, Tensor | number | undefined>>,
  ): Promise<Readonly<Record<string, Tensor>>> => {
    const { file, inputs, noise = {} } = functions.find((each) => each.name === name)!;
    const session = sessions.get(name) ?? (await InferenceSession.create(join(folder, file)));
    sessions.set(name, session);
    const feeds = inputs.map(({ name: of, dtype, shape }): [string, Tensor] => {
      if (of === "batch") return [of, new Tensor("int64", BigInt64Array.of(BigInt(count)), [1])];
      const found = values[of];
      if (typeof found === "object") return [of, found];
      const given = found;
      const dims = shape.map((d) => (d === "batch" ? count : Number(d)));
      const size = dims.reduce((product, d) => product * d, 1);
      if (dtype !== "float32" || (given === undefined && !noise[of])) throw new Error(`${name}: nothing gives ${of}`);
      const draw = noise[of] === "normal" ? normal : uniform;
      return [
        of,
        new Tensor(
          "float32",
          Float32Array.from({ length: size }, () => given ?? draw()),
          dims,
        ),
      ];
    });
    return session.run(Object.fromEntries(feeds));
  };
  const prefixed = <T>(values: Readonly<Record<string, T>>, prefix: string): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(values).map(([name, v]) => [prefix + name, v]));
  const options = prefixed(sampling.options as Readonly<Record<string, number>>, "option.");
  const stateOf = (outputs: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name.replace(/^next\./, "state."), t]));
  try {
    if (sampling.steps.length === 0) return (await run("sampler", options))["x"]!.data as Float32Array;
    let state = stateOf(await run("sampler_start", options));
    for (const { graph, at } of sampling.steps)
      state = stateOf(await run(graph, { ...options, ...state, ...prefixed(at, "at.") }));
    return (await run("sampler_finish", { ...options, ...state }))["x"]!.data as Float32Array;
  } finally {
    for (const session of sessions.values()) await session.release();
  }
}

/** The largest difference between the distribution functions of two samples (Kolmogorov-Smirnov). */
export function largestGap(a: Iterable<number>, b: Iterable<number>): number {
  const [x, y] = [Float64Array.from(a).toSorted(), Float64Array.from(b).toSorted()];
  let [i, j, most] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const at = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i]! <= at) i += 1;
    while (j < y.length && y[j]! <= at) j += 1;
    most = Math.max(most, Math.abs(i / x.length - j / y.length));
  }
  return most;
}
