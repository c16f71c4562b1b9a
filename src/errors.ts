import { oneLine } from "./printable.ts";

/**
 * Errors a person can act on. Every message reads `where: what is wrong, got X, expected Y`, on one line whatever names and files brought
 * into it: characters that are not printed are escaped.
 * The command line prints these alone and exits with 2; any other error is a bug and keeps its stack.
 */
export class LatentkitError extends Error {
  override name = "LatentkitError";
  /** What the error is about: a setting, a file, a command. */
  readonly where: string;
  /** What was found, and what can be in its place; absent where the message does not say. */
  declare readonly got?: string;
  declare readonly expected?: string;

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    const { where, got, expected } = parts(this.message);
    this.where = where;
    if (got !== undefined) this.got = got;
    if (expected !== undefined) this.expected = expected;
  }
}

/** The parts of a message of the form above. */
function parts(message: string): { readonly where: string; readonly got?: string; readonly expected?: string } {
  const where = /^(.*?): /s.exec(message)?.[1] ?? "";
  const rest = message.slice(where === "" ? 0 : where.length + 2);
  const expectedAt = rest.lastIndexOf(", expected ");
  const found = rest.slice(0, expectedAt === -1 ? undefined : expectedAt);
  const gotAt = found.indexOf(", got ");
  return {
    where,
    ...(gotAt !== -1 && { got: found.slice(gotAt + ", got ".length) }),
    ...(expectedAt !== -1 && { expected: rest.slice(expectedAt + ", expected ".length) }),
  };
}

/** Shapes or dtypes do not fit together; thrown while a graph is being built, so the stack points at the model's line. */
export class ShapeError extends LatentkitError {
  override name = "ShapeError";
}

/** An operation cannot be differentiated, lowered or run exactly where that was asked of it. */
export class UnsupportedOpError extends LatentkitError {
  override name = "UnsupportedOpError";
}

/** A setting, flag or argument is unknown or out of range. */
export class ConfigError extends LatentkitError {
  override name = "ConfigError";
}

/** A data source is missing, damaged, or not what the model needs. */
export class DataError extends LatentkitError {
  override name = "DataError";
}

/** A run folder or checkpoint is missing, damaged, hostile or from a newer version. */
export class CheckpointError extends LatentkitError {
  override name = "CheckpointError";
}

/** A device was asked for that this machine does not offer. */
export class DeviceError extends LatentkitError {
  override name = "DeviceError";
}

/** Training met a non-finite value. `step` counts from 1; `metric` names the first non-finite one. */
export class DivergedError extends LatentkitError {
  override name = "DivergedError";
  readonly step: number;
  readonly metric: string;
  readonly value: number;
  constructor(step: number, metric: string, value: number, message: string) {
    super(message);
    this.step = step;
    this.metric = metric;
    this.value = value;
  }
}
