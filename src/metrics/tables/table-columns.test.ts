import { describe, expect, test } from "vitest";
import { treeBins } from "./table-columns.ts";

describe("bins of columns for trees", () => {
  const category = { kind: "category", values: Uint16Array.of(0, 1, 1, 2, 1, 2), categories: 4 } as const;

  test("are categories by frequency, the most frequent first", () => {
    expect(treeBins([category], 4)).toEqual([Uint8Array.of(2, 0, 0, 1, 0, 1)]);
  });

  test("hold the rare ones together in the last", () => {
    expect(treeBins([category], 2)).toEqual([Uint8Array.of(1, 0, 0, 1, 0, 1)]);
    expect(treeBins([category], 1)).toEqual([new Uint8Array(6)]);
  });

  test("are quantiles of numbers", () => {
    const number = { kind: "number", values: Float64Array.of(5, -1, 2, 9) } as const;
    expect(treeBins([number, category], 2)[0]).toEqual(Uint8Array.of(1, 0, 0, 1));
  });
});
