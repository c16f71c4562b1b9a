import { ConfigError, ShapeError } from "../../errors.ts";
import { formatType } from "../../graph/shape.ts";
import { Tensor, Variable } from "../../graph/tensor.ts";
import type { Batch, Model } from "../../models/model.ts";
import { kindInWords, tried } from "../../models/tried.ts";
import { TrainingContext } from "../../nn/context.ts";

/** Checks what a model gives to minimize. Throws ConfigError or ShapeError naming the objective and the part of it that is wrong. */
export function checkObjectives(where: string, model: Model, batch: Batch): void {
  const contexts = new Map<string, TrainingContext>();
  const contextOf = (objective: string): TrainingContext => {
    const context = contexts.get(objective) ?? new TrainingContext(batch.fields);
    contexts.set(objective, context);
    return context;
  };
  const given: unknown = tried(where, "objectives", "a list of objectives", () => model.objectives(batch, contextOf));
  // A model that is solved has nothing to minimize.
  if (!Array.isArray(given) || (given.length === 0 && !model.solve))
    throw new ConfigError(
      `${where}: objectives gives nothing to minimize, got ${kindInWords(given)}, expected a list of objectives`,
    );
  const names = given.map((objective: unknown) => checkObjective(where, objective));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ConfigError(`${where}: two objectives have one name, got ${twice} twice, expected different names`);
  for (const [name, { updates }] of contexts)
    if (updates.size > 0 && !names.includes(name))
      throw new ConfigError(`${where}: a context is of no objective, got ${name}, expected one of ${names.join(", ")}`);
}

/** Returns its name. */
function checkObjective(where: string, objective: unknown): string {
  const { name, loss, parameters, metrics, every, repeat } = fieldsOf(objective);
  const wrong = (what: string, got: string, expected: string): ConfigError =>
    new ConfigError(`${where}: ${what}, got ${got}, expected ${expected}`);
  if (typeof name !== "string" || name === "")
    throw wrong("an objective has no name", name === "" ? "an empty one" : kindInWords(name), "text");
  const of = `of objective ${name}`;
  checkScalar(where, `the loss ${of}`, loss);
  if (!(parameters instanceof Map) || [...parameters.values()].some((each) => !(each instanceof Variable)))
    throw wrong(
      `the parameters ${of} are no map of variables`,
      kindInWords(parameters),
      "parameters(module) of what it trains",
    );
  if (typeof metrics !== "object" || metrics === null || Array.isArray(metrics))
    throw wrong(`the metrics ${of} are missing`, kindInWords(metrics), "scalars by name, {} for none");
  for (const [metric, t] of Object.entries(metrics)) checkScalar(where, `metric ${metric} ${of}`, t);
  if (every !== undefined && !isCount(every))
    throw wrong(`every ${of} is no number of steps`, shown(every), "an integer from 1");
  if (repeat === undefined) return name;
  const { times, batches } = fieldsOf(repeat);
  if (!isCount(times)) throw wrong(`repeat.times ${of} is no number of runs`, shown(times), "an integer from 1");
  if (batches !== "same" && batches !== "fresh" && batches !== "separate")
    throw wrong(`repeat.batches ${of} is unknown`, shown(batches), "same, fresh or separate");
  return name;
}

function checkScalar(where: string, what: string, t: unknown): void {
  if (!(t instanceof Tensor))
    throw new ShapeError(`${where}: ${what} is no tensor, got ${kindInWords(t)}, expected a scalar`);
  if (t.shape.length > 0)
    throw new ShapeError(`${where}: ${what} is no scalar, got ${formatType(t)}, expected a scalar`);
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const shown = (value: unknown): string =>
  typeof value === "number" || typeof value === "string" ? String(value) : kindInWords(value);

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
