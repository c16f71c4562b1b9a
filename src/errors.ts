/**
 * Errors a person can act on. Every message reads `where: what is wrong, got X, expected Y`, on one line.
 * The command line prints these alone and exits with 2; any other error is a bug and keeps its stack.
 */
export class LatentkitError extends Error {
  override name = "LatentkitError";
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
