import { expect, test } from "vitest";
import { loadProgress } from "./show-load-progress.ts";

test("a terminal shows what takes more than a second, each percentage once, and the line goes at the end", () => {
  const written: string[] = [];
  let ms = 0;
  const onTerminal = loadProgress({ isTTY: true, write: (text) => written.push(text) }, () => ms);
  const elsewhere = loadProgress({ write: () => expect.unreachable() }, () => ms);
  const read = (at: number, done: number): void => {
    ms = at;
    for (const show of [onTerminal, elsewhere]) show({ source: "photos", done, total: 300 });
  };
  for (const [at, done] of [
    [0, 1],
    [900, 2],
    [1200, 90],
    [1300, 92],
    [2000, 150],
    [9000, 300],
  ] as const)
    read(at, done);
  for (const [at, done] of [
    [9100, 100],
    [9500, 300],
  ] as const)
    read(at, done);
  expect(written).toEqual(["\rphotos  30 % read\u001b[K", "\rphotos  50 % read\u001b[K", "\r\u001b[K"]);
});
