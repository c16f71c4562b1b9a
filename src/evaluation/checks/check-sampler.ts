import { z } from "zod";
import { ConfigError, ShapeError } from "../../errors.ts";
import { formatType } from "../../graph/shape.ts";
import { Input, Tensor } from "../../graph/tensor.ts";
import type { Codes } from "../../models/latent.ts";
import { type AnySampler, reservedOptions } from "../../models/sampler.ts";
import { kindInWords, tried } from "../../models/tried.ts";
import type { Context } from "../../nn/context.ts";
import { settingsOf } from "../../settings-schema.ts";

/** Checks a model's own sampler, and returns its samples of `rows`. Throws ConfigError or ShapeError naming the part that is wrong. */
export function checkSampler(where: string, sampler: AnySampler, rows: number, context: Context): unknown {
  const wrong = (what: string, got: string, expected: string): ConfigError =>
    new ConfigError(`${where}: the sampler's ${what}, got ${got}, expected ${expected}`);
  const options = defaultsOf(where, sampler);
  const symbolic = Object.fromEntries(
    Object.entries(options).map(([name, v]) => [name, typeof v === "number" ? new Input(`option.${name}`, []) : v]),
  );
  const schedule: unknown = tried(where, "the sampler's schedule", "a list of steps", () => sampler.schedule(options));
  if (!Array.isArray(schedule)) throw wrong("schedule is no list", kindInWords(schedule), "the scalars of each step");
  const steps = schedule.map((at: unknown) => (typeof at === "object" && at !== null ? Object.entries(at) : []));
  const scalar = steps.flat().find(([, value]) => typeof value !== "number");
  if (scalar) throw wrong(`schedule has a ${scalar[0]} that is no number`, kindInWords(scalar[1]), "numbers by name");

  const state = stateOf(where, "start", () => sampler.start(rows, symbolic, context));
  if (steps.length > 0) {
    if (!sampler.step) throw wrong("step is missing", `none for a schedule of ${steps.length}`, "both or neither");
    const held = Object.fromEntries(
      Object.entries(state).map(([name, { shape, dtype }]) => [name, new Input(`state.${name}`, shape, dtype)]),
    );
    const kinds = new Set(steps.map((at) => at.map(([name]) => name).join()));
    for (const names of kinds) {
      const scalars = names === "" ? [] : names.split(",");
      const at = Object.fromEntries(scalars.map((name) => [name, new Input(`at.${name}`, [])]));
      const next = stateOf(where, "step", () => sampler.step!(held, at, symbolic, context));
      for (const [name, t] of Object.entries(state))
        if (!next[name] || formatType(next[name]) !== formatType(t))
          throw new ShapeError(
            `${where}: the sampler's step changes its state ${name}, got ${next[name] ? formatType(next[name]) : "none"}, expected ${formatType(t)}`,
          );
    }
  }
  return tried(where, "the sampler's finish", "examples", () => sampler.finish(state, symbolic, context));
}

/** The defaults of a sampler's options. Each becomes a flag of `sample`, beside those that it has for every model. */
function defaultsOf(where: string, { options }: AnySampler): Readonly<Record<string, unknown>> {
  if (!(options instanceof z.ZodObject))
    throw new ConfigError(
      `${where}: the sampler's options are no zod object, got ${kindInWords(options)}, expected z.strictObject({...})`,
    );
  for (const { key } of tried(where, "the sampler's options", "numbers, flags and names", () => settingsOf(options))) {
    if (reservedOptions.includes(key))
      throw new ConfigError(
        `${where}: the name of a sampler's option is taken, got ${key}, expected none of ${reservedOptions.join(", ")}`,
      );
    if (!/^[a-z][a-zA-Z0-9]*$/.test(key))
      throw new ConfigError(`${where}: the name of a sampler's option is no flag, got ${key}, expected camelCase`);
  }
  const parsed = options.safeParse({});
  if (!parsed.success)
    throw new ConfigError(
      `${where}: a sampler's option has no default, got none for ${parsed.error.issues[0]?.path.join(".")}, expected .default(...)`,
    );
  return parsed.data;
}

function stateOf(where: string, part: "start" | "step", give: () => Codes): Codes {
  const state: unknown = tried(where, `the sampler's ${part}`, "tensors by name", give);
  if (typeof state !== "object" || state === null || state instanceof Tensor)
    throw new ShapeError(
      `${where}: the sampler's ${part} gives no state, got ${kindInWords(state)}, expected tensors by name`,
    );
  for (const [name, t] of Object.entries(state))
    if (!(t instanceof Tensor))
      throw new ShapeError(`${where}: the sampler's state ${name} is no tensor, got ${kindInWords(t)}, expected one`);
  return state as Codes;
}
