import { expect, test } from "vitest";
import { GoneError, OverloadedError } from "../problems.ts";
import { Turns } from "./turns.ts";

/** Work that lasts until it is let go. */
function work(log: string[], name: string) {
  let end: (error?: Error) => void = () => {};
  const ended = new Promise<string>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve(name));
  });
  const run = (): Promise<string> => {
    log.push(name);
    return ended;
  };
  return { run, end };
}
const never = new AbortController().signal;

test("one at a time, in order, whether or not one fails", async () => {
  const turns = new Turns(8);
  const log: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => work(log, name)) as [
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
  ];
  const [first, second, third] = [a, b, c].map(({ run }) => turns.take(run, never));
  expect(log).toEqual(["a"]);
  a.end();
  expect(await first).toBe("a");
  const failed = expect(second).rejects.toThrow("no");
  b.end(new Error("no"));
  await failed;
  c.end();
  expect(await third).toBe("c");
  expect(log).toEqual(["a", "b", "c"]);
  await turns.finished();
});

test("no more may wait than there are places; who goes away leaves its place", async () => {
  const turns = new Turns(1);
  const log: string[] = [];
  const [a, b, c] = [work(log, "a"), work(log, "b"), work(log, "c")];
  const running = turns.take(a.run, never);
  const leaving = new AbortController();
  const waiting = turns.take(b.run, leaving.signal);
  expect(() => turns.take(c.run, never)).toThrow(OverloadedError);
  expect(() => turns.take(c.run, never)).toThrow(
    "the server is busy, got 1 that wait, expected at most 1; come again in 1 s",
  );
  const left = expect(waiting).rejects.toThrow(GoneError);
  leaving.abort();
  await left;
  const last = turns.take(c.run, never);
  a.end();
  c.end();
  expect(await Promise.all([running, last])).toEqual(["a", "c"]);
  expect(log).toEqual(["a", "c"]);
});
