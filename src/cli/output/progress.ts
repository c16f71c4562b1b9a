/**
 * How training reports: a bar on a terminal, a line every two seconds into a pipe, one JSON object per line with --json.
 * Bar and lines go to stderr, JSON to stdout, so that stdout never holds anything but results.
 */
import { jsonText, printable, rewritten } from "./terminal.ts";

/** A stream to write text to, such as `process.stdout`. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  /** The last step. */
  readonly totalSteps: number;
  /** Steps done before this process began. */
  readonly doneSteps?: number;
  readonly totalEpochs?: number;
  readonly json?: boolean;
  /** Of every event, after its name. */
  readonly eventFields?: Readonly<Record<string, unknown>>;
  readonly stdout?: TextOutput;
  readonly stderr?: TextOutput;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
}

export interface StepReport {
  /** Steps done, counted from 1. */
  readonly step: number;
  /** The epoch the step is in, counted from 1. */
  readonly epoch: number;
  /** Absent in steps that do not compute them; the latest stay on show. */
  readonly metrics?: Readonly<Record<string, number>>;
}

const minBarWidth = 10;
const maxBarWidth = 30;
const barIntervalMs = 1000 / 15;
const lineIntervalMs = 2000;
/** Time over which the rate is averaged: short enough to follow a change, long enough to read. */
const rateWindowMs = 10_000;

/** Nothing is hidden and no mode of the terminal is changed, so a killed process leaves it as it was. */
export class Progress {
  readonly #mode: "bar" | "lines" | "json";
  readonly #options: ProgressOptions;
  readonly #stdout: TextOutput;
  readonly #stderr: TextOutput;
  readonly #now: () => number;
  readonly #startMs: number;

  #latest: StepReport | null = null;
  #metrics: Readonly<Record<string, number>> = {};
  #shownMs: number;
  #shownStep: number | null = null;

  #rateMs: number;
  #rateStep: number;
  #weightedSteps = 0;
  #weightedMs = 0;

  constructor(options: ProgressOptions) {
    const { json = false, stdout = process.stdout, stderr = process.stderr, env = process.env } = options;
    const terminal = stderr.isTTY === true && env["TERM"] !== "dumb" && !env["CI"];
    this.#mode = json ? "json" : terminal ? "bar" : "lines";
    this.#options = options;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#startMs = this.#now();
    this.#shownMs = this.#mode === "bar" ? -Infinity : this.#startMs;
    this.#rateMs = this.#startMs;
    this.#rateStep = options.doneSteps ?? 0;
  }

  /** To be called after every step: it costs a clock reading on all but the few that are shown. */
  step(report: StepReport): void {
    this.#latest = report;
    const { step, epoch, metrics } = report;
    if (metrics !== undefined) this.#metrics = metrics;
    const now = this.#now();
    if (this.#mode === "json") {
      if (metrics === undefined) return;
      this.#updateRate(now);
      const stepsPerSecond = Number(this.#stepsPerSecond().toPrecision(4));
      this.event("step", { step, totalSteps: this.#options.totalSteps, epoch, metrics, stepsPerSecond });
    } else if (now - this.#shownMs >= (this.#mode === "bar" ? barIntervalMs : lineIntervalMs)) {
      this.#show(now);
    }
  }

  /** One JSON object on stdout with --json, nothing otherwise. Numbers that are not finite become `null`. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#mode === "json")
      this.#stdout.write(`${jsonText({ event: name, ...this.#options.eventFields, ...fields })}\n`);
  }

  /** A line for people, on stderr, above the bar. */
  log(line: string): void {
    if (this.#mode !== "bar" || this.#shownStep === null) {
      this.#stderr.write(`${printable(line)}\n`);
    } else {
      this.#stderr.write(`${rewritten(line)}\n${this.#barFrame(this.#now())}`);
    }
  }

  /** Shows where training ended and leaves the cursor on a new line. */
  finish(): void {
    if (this.#mode === "json" || this.#latest === null) return;
    if (this.#mode === "bar" || this.#shownStep !== this.#latest.step) this.#show(this.#now());
    if (this.#mode === "bar") this.#stderr.write("\n");
    this.#latest = null;
    this.#shownStep = null;
  }

  #show(now: number): void {
    this.#updateRate(now);
    this.#shownMs = now;
    this.#shownStep = this.#latest?.step ?? null;
    this.#stderr.write(
      this.#mode === "bar" ? this.#barFrame(now) : `${printable(`step ${this.#segments(now).join("  ")}`)}\n`,
    );
  }

  /** Overwrites the line and then clears what is left of the old one, in one write: nothing flickers. */
  #barFrame(now: number): string {
    // A character in the last column makes some terminals wrap.
    const width = Math.max(1, (this.#stderr.columns || 80) - 1);
    const [count = "", ...rest] = this.#segments(now);
    // Padded to its final length, so that the bar keeps its own.
    let text = count.padStart(2 * String(this.#options.totalSteps).length + 1).slice(-width);
    const reserved = width >= 40 ? minBarWidth + 1 : 0;
    for (const segment of rest) {
      if (text.length + 2 + segment.length > width - reserved) break;
      text += `  ${segment}`;
    }
    const barWidth = Math.min(maxBarWidth, width - text.length - 1);
    if (barWidth >= minBarWidth) {
      const fraction = (this.#latest?.step ?? 0) / this.#options.totalSteps;
      const full = Math.round(barWidth * Math.max(0, Math.min(1, fraction)));
      text = `${"█".repeat(full)}${"░".repeat(barWidth - full)} ${text}`;
    }
    return rewritten(text);
  }

  /** The parts of the line, the most important first: a narrow terminal drops from the end. */
  #segments(now: number): string[] {
    const { totalSteps, totalEpochs } = this.#options;
    const { step, epoch } = this.#latest ?? { step: 0, epoch: 0 };
    const rate = this.#stepsPerSecond();
    return [
      `${step}/${totalSteps}`,
      ...Object.entries(this.#metrics).map(([name, value]) => `${name} ${metricText(value)}`),
      ...(rate > 0 && step < totalSteps ? [`${durationText((totalSteps - step) / rate)} left`] : []),
      ...(totalEpochs === undefined ? [] : [`epoch ${epoch}/${totalEpochs}`]),
      ...(rate > 0 ? [`${metricText(rate)} steps/s`] : []),
      durationText((now - this.#startMs) / 1000),
    ];
  }

  /** A mean of the rate whose weights fall by e each `rateWindowMs`. */
  #updateRate(now: number): void {
    const elapsedMs = now - this.#rateMs;
    const decay = Math.exp(-elapsedMs / rateWindowMs);
    const step = this.#latest?.step ?? this.#rateStep;
    this.#weightedSteps = this.#weightedSteps * decay + (step - this.#rateStep);
    this.#weightedMs = this.#weightedMs * decay + elapsedMs;
    this.#rateMs = now;
    this.#rateStep = step;
  }

  #stepsPerSecond(): number {
    return this.#weightedMs > 0 ? (1000 * this.#weightedSteps) / this.#weightedMs : 0;
  }
}

/** Four significant digits: 103.2, 0.01234, 1.234e-7, 123456. */
export function metricText(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value) || magnitude === 0) return String(value);
  if (magnitude >= 1e9 || magnitude < 1e-3) return value.toExponential(3);
  return magnitude >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** 12s, 3m05s, 1h02m, 2d03h. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const pair = (size: number, unit: string, part: number, partUnit: string): string =>
    `${Math.floor(whole / size)}${unit}${String(Math.floor((whole % size) / part)).padStart(2, "0")}${partUnit}`;
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return pair(60, "m", 1, "s");
  return whole < 86_400 ? pair(3600, "h", 60, "m") : pair(86_400, "d", 3600, "h");
}
