import { expect, test } from "vitest";
import { Outbox } from "./outbox.ts";

const options = { mostTogether: 2, mostWaiting: 5, pauseMs: { first: 10, longest: 40 } };
const never = new AbortController().signal;

/** An outbox whose deliveries fail until `works` is true. */
function failing() {
  const place = { works: false, delivered: [] as (readonly number[])[], attempts: [] as number[] };
  const outbox = new Outbox<number>(async (items) => {
    place.attempts.push(performance.now());
    await Promise.resolve();
    if (!place.works) throw new Error("no");
    place.delivered.push(items);
  }, options);
  return { place, outbox };
}

test("items are delivered in order, some together, and none before it is told to send", async () => {
  const { place, outbox } = failing();
  place.works = true;
  outbox.add(1, 2, 3);
  expect(place.attempts).toEqual([]);
  outbox.send();
  outbox.send();
  await expect.poll(() => place.delivered).toEqual([[1, 2], [3]]);
  expect(await outbox.close(never)).toEqual({ count: 0, reason: undefined });
});

test("while deliveries fail the pauses grow, the oldest items are dropped, and it says so once", async () => {
  const { place, outbox } = failing();
  outbox.add(1, 2, 3);
  outbox.send();
  await expect.poll(() => place.attempts.length).toBeGreaterThanOrEqual(5);
  outbox.add(4, 5, 6, 7);
  expect(outbox.takeNews()?.message).toBe("no");
  expect(outbox.takeNews()).toBeUndefined();
  const pauses = place.attempts.slice(1, 5).map((ms, i) => ms - place.attempts[i]!);
  for (const [i, least] of [10, 20, 40, 40].entries()) expect(pauses[i]).toBeGreaterThan(least - 2);
  place.works = true;
  await expect.poll(() => place.delivered).toEqual([[3, 4], [5, 6], [7]]);
  expect(await outbox.close(never)).toEqual({ count: 2, reason: undefined });
});

test("closing ends a pause, and tries once more", async () => {
  const { place, outbox } = failing();
  outbox.add(1, 2, 3);
  outbox.send();
  await expect.poll(() => place.attempts.length).toBe(1);
  place.works = true;
  expect(await outbox.close(never)).toEqual({ count: 0, reason: undefined });
  expect(place.delivered).toEqual([[1, 2], [3]]);
});

test("closing gives up where deliveries fail, and says what is left", async () => {
  const { outbox } = failing();
  outbox.add(1, 2, 3);
  expect(await outbox.close(never)).toEqual({ count: 3, reason: new Error("no") });
});

test("closing waits no longer than its limit for a delivery that never ends", async () => {
  const outbox = new Outbox<number>(
    (_, stop) => new Promise((_resolve, reject) => stop.addEventListener("abort", () => reject(new Error("too late")))),
    options,
  );
  outbox.add(1);
  outbox.send();
  const stop = new AbortController();
  const closed = outbox.close(stop.signal);
  stop.abort();
  expect(await closed).toEqual({ count: 1, reason: new Error("too late") });
});
