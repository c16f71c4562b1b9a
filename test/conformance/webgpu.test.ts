import { beforeAll, describe, expect, test } from "vitest";
import { everyCase, type Outcome } from "./run.ts";
import { missingWebgpu, runWithWebgpu } from "./webgpu-process.ts";

async function outcomesOfProcess(): Promise<ReadonlyMap<string, Outcome>> {
  const { output, failure } = await runWithWebgpu("test/conformance/webgpu-main.ts");
  const outcomes = new Map((output as [string, Outcome][][]).flat());
  if (failure !== undefined) for (const b of everyCase(0)) if (!outcomes.has(b.id)) outcomes.set(b.id, failure);
  return outcomes;
}

describe.skipIf(missingWebgpu !== "")(
  `webgpu agrees with the reference${missingWebgpu && ` (skipped: ${missingWebgpu})`}`,
  () => {
    let outcomes: ReadonlyMap<string, Outcome>;
    beforeAll(async () => {
      outcomes = await outcomesOfProcess();
    }, 600_000);
    test.each(everyCase(0).map((b) => b.id))("%s", (id) => expect(outcomes.get(id)).toBeNull());
  },
);
