import { expect, test } from "vitest";
import type { TrainingEvent } from "../training-event.ts";
import { type Ending, tracked, type Tracker } from "./tracking.ts";

const step = (n: number): TrainingEvent => ({ kind: "step", step: n, epoch: 1 });
async function* steps(count: number): AsyncGenerator<TrainingEvent> {
  for (let n = 1; n <= count; n++) yield await Promise.resolve(step(n));
}
async function all(events: AsyncGenerator<TrainingEvent>): Promise<readonly TrainingEvent[]> {
  const seen: TrainingEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
const warning = (n: number, message: string): TrainingEvent => ({ kind: "warning", step: n, message });

/** A tracker that keeps what it sees, until `failsAt`. */
function keeping(failsAt = Infinity) {
  const kept = { steps: [] as number[], endings: [] as Ending[] };
  const tracker: Tracker = {
    async see(event) {
      if (event.step >= failsAt) throw new Error("no room");
      kept.steps.push(event.step);
      return Promise.resolve(undefined);
    },
    async close(ending) {
      kept.endings.push(ending);
      return Promise.resolve(failsAt < Infinity ? "cannot close" : undefined);
    },
  };
  return { kept, tracker };
}

test("a tracker that fails costs a warning when it does and one at the end, and the others nothing", async () => {
  const [broken, whole] = [keeping(2), keeping()];
  const seen = await all(tracked(steps(3), [broken.tracker, whole.tracker]));
  expect(seen).toEqual([
    step(1),
    warning(2, "no room; nothing more of this run is written there"),
    step(2),
    step(3),
    warning(3, "cannot close"),
  ]);
  expect(broken.kept).toEqual({ steps: [1], endings: ["failed"] });
  expect(whole.kept).toEqual({ steps: [1, 2, 3], endings: ["failed"] });
});

test("one that cannot be closed costs a warning", async () => {
  const tracker: Tracker = {
    see: () => Promise.resolve(undefined),
    close: () => Promise.reject(new Error("gone")),
  };
  expect(await all(tracked(steps(1), [tracker]))).toEqual([step(1), warning(1, "gone")]);
});

test("a consumer that leaves early closes all", async () => {
  const { kept, tracker } = keeping();
  for await (const event of tracked(steps(3), [tracker])) if (event.step === 2) break;
  expect(kept).toEqual({ steps: [1, 2], endings: ["interrupted"] });
});
