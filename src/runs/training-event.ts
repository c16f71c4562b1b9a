import type { Best } from "../training/early-stopping.ts";
import type { Finding } from "../training/doctor/finding.ts";
import type { Metrics, RunMetrics } from "./run-metrics.ts";

/** What happened, in the order it happens. `epoch` is the one the step is in, from 1. */
export type TrainingEvent =
  | { readonly kind: "step"; readonly step: number; readonly epoch: number; readonly metrics?: Metrics }
  | { readonly kind: "validation"; readonly step: number; readonly epoch: number; readonly metrics: Metrics }
  | { readonly kind: "checkpoint"; readonly step: number; readonly epoch: number }
  | { readonly kind: "pictures"; readonly step: number; readonly epoch: number; readonly files: readonly string[] }
  /** The pictures of training joined to one animation, at its end. */
  | { readonly kind: "film"; readonly step: number; readonly file: string }
  /** A failure outside training, such as of a server that metrics are sent to; training continues. */
  | { readonly kind: "warning"; readonly step: number; readonly message: string }
  | { readonly kind: "interrupted"; readonly step: number }
  /** A metric was not finite: training resumes from step `to`, at half the learning rate. */
  | {
      readonly kind: "rewind";
      readonly step: number;
      readonly to: number;
      readonly metric: string;
      readonly message: string;
    }
  /** Early stopping: no validation better than `best`. */
  | { readonly kind: "stopped"; readonly step: number; readonly epoch: number; readonly best: Best }
  | {
      readonly kind: "done";
      readonly step: number;
      readonly metrics: RunMetrics;
      readonly best: Best | null;
      readonly findings: readonly Finding[];
      /** Steps behind the weights that the test metrics are of: the best's where the run has patience, else the last. */
      readonly weights: number;
    };
