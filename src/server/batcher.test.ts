import { expect, test } from "vitest";
import { Batcher, type Rows } from "./batcher.ts";
import { OverloadedError } from "./problems.ts";

/** A batcher that doubles numbers, with what it computed together, and a gate that each batch waits for. */
function doubling(options: { readonly mostRows?: number; readonly mostWaiting?: number } = {}) {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const batcher = new Batcher<number, number>({
    mostRows: 4,
    mostWaiting: 8,
    delay: 0,
    ...options,
    async run(requests: readonly Rows<number>[]) {
      batches.push(requests.map(({ inputs }) => inputs));
      await new Promise<void>((resolve) => gates.push(resolve));
      if (requests.some(({ inputs }) => inputs < 0)) throw new Error("negative");
      return requests.map(({ inputs }) => 2 * inputs);
    },
  });
  const open = async (): Promise<void> => {
    while (gates.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    gates.shift()!();
  };
  /** Until so many batches have begun. */
  const begun = async (count: number): Promise<void> => {
    while (batches.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { batcher, batches, open, begun };
}

test("requests that come together are computed together, each with its own answer", async () => {
  const { batcher, batches, open } = doubling();
  const answers = [1, 2, 3].map((inputs) => batcher.submit({ inputs, rows: 1 }));
  await open();
  expect(await Promise.all(answers)).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("those that come while a batch runs are the next one, of at most so many rows, in their order", async () => {
  const { batcher, batches, open, begun } = doubling();
  const first = batcher.submit({ inputs: 1, rows: 4 });
  await begun(1);
  const others = [2, 3, 4].map((inputs) => batcher.submit({ inputs, rows: 2 }));
  for (let i = 0; i < 3; i++) await open();
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8]);
  expect(batches).toEqual([[1], [2, 3], [4]]);
});

test("more than may wait are refused with the time to come again, and there is room after", async () => {
  const { batcher, open, begun } = doubling();
  const running = batcher.submit({ inputs: 1, rows: 4 });
  await begun(1);
  const waiting = [1, 2, 3, 4].map((inputs) => batcher.submit({ inputs, rows: 2 }));
  expect(() => batcher.submit({ inputs: 9, rows: 1 })).toThrow(OverloadedError);
  expect(() => batcher.submit({ inputs: 9, rows: 1 })).toThrow(/the server is busy, got 8 rows that wait/);
  for (let i = 0; i < 3; i++) await open();
  expect(await Promise.all([running, ...waiting])).toEqual([2, 2, 4, 6, 8]);
  const later = batcher.submit({ inputs: 5, rows: 1 });
  await open();
  expect(await later).toBe(10);
});

test("a batch that fails fails its requests alone", async () => {
  const { batcher, open } = doubling();
  const bad = batcher.submit({ inputs: -1, rows: 4 });
  const good = batcher.submit({ inputs: 1, rows: 4 });
  const refused = expect(bad).rejects.toThrow("negative");
  await open();
  await refused;
  await open();
  expect(await good).toBe(2);
});

test("a request that fails in a batch fails none of the others", async () => {
  const { batcher, batches, open } = doubling();
  const answers = Promise.allSettled([1, -1, 2].map((inputs) => batcher.submit({ inputs, rows: 1 })));
  for (let i = 0; i < 4; i++) await open();
  expect((await answers).map((each) => (each.status === "fulfilled" ? each.value : "failed"))).toEqual([
    2,
    "failed",
    4,
  ]);
  expect(batches).toEqual([[1, -1, 2], [1], [-1], [2]]);
});

test("only requests that may be are computed together, and all share the places to wait", async () => {
  const { batcher, batches, open, begun } = doubling();
  const running = batcher.submit({ inputs: 0, rows: 4 });
  await begun(1);
  const answers = ["a", "b", "a", "b", "a", "a"].map((together, inputs) =>
    batcher.submit({ inputs, rows: inputs === 2 ? 2 : 1, together }),
  );
  expect(() => batcher.submit({ inputs: 9, rows: 2, together: "c" })).toThrow(OverloadedError);
  for (let i = 0; i < 4; i++) await open();
  expect(await Promise.all([running, ...answers])).toEqual([0, 0, 2, 4, 6, 8, 10]);
  expect(batches).toEqual([[0], [0, 2, 4], [1, 3], [5]]);
});

test("finished waits for all that was asked", async () => {
  const { batcher, open } = doubling();
  const answer = batcher.submit({ inputs: 1, rows: 1 });
  let done = false;
  const finished = batcher.finished().then(() => (done = true));
  expect(done).toBe(false);
  await open();
  await answer;
  await finished;
  await batcher.finished();
});
