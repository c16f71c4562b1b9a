import { expect, test } from "vitest";
import { digits } from "../generators/digits.ts";
import { whole } from "../split.ts";
import { exampleIndex, saysMore } from "./example-index.ts";

test("an index names files, rows of a part, and classes", async () => {
  const { labels: _, classNames: __, ...unlabeled } = await digits({ size: 3 });
  const plain = exampleIndex(whole(unlabeled));
  expect([plain.names, plain.row(2), saysMore(plain)]).toEqual([["example"], ["2"], false]);
  const part = exampleIndex({ dataset: unlabeled, indices: Uint32Array.of(2, 0) });
  expect([part.names, part.row(0), saysMore(part)]).toEqual([["example", "row"], ["0", "2"], true]);
  const images = { ...unlabeled, names: ["a/x.png", "a/y.png", "b/x.png"] };
  const named = exampleIndex({
    dataset: { ...images, labels: Uint8Array.of(0, 0, 1), classNames: ["a", "b"] },
    indices: Uint32Array.of(2, 0),
  });
  expect([named.names, named.row(0)]).toEqual([
    ["example", "file", "class"],
    ["0", "b/x.png", "b"],
  ]);
});
