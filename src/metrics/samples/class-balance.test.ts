import { expect, test } from "vitest";
import { classBalance } from "./class-balance.ts";

/** One-hot rows of classes, with doubt. */
const rows = (...of: readonly number[]): Float32Array =>
  Float32Array.from(of.flatMap((c) => [0, 1, 2].map((k) => (k === c ? 0.6 : 0.2))));

test("fractions of the most probable class, and the largest relative difference", () => {
  const found = classBalance({ examples: rows(0, 0, 1, 2), samples: rows(0, 1, 1, 2, 0, 0, 0, 2) }, 3);
  expect(found.examples).toEqual([0.5, 0.25, 0.25]);
  expect(found.samples).toEqual([0.5, 0.25, 0.25]);
  expect(found.deviation).toBe(0);
  expect(classBalance({ examples: rows(0, 0, 1, 2), samples: rows(1, 1, 0, 0) }, 3)).toMatchObject({ deviation: 1 });
  const missing = classBalance({ examples: rows(0, 0, 1, 2), samples: rows(0, 0, 0, 1) }, 3);
  expect(missing).toMatchObject({ worst: 2, deviation: 1 });
});

test("a class without examples is left out, and what is no table is refused", () => {
  expect(classBalance({ examples: rows(0, 1), samples: rows(0, 1, 2, 2) }, 3).deviation).toBe(0.5);
  expect(() => classBalance({ examples: rows(0), samples: new Float32Array(4) }, 3)).toThrow(
    "class balance: not rows of 3 classes, got 4 numbers, expected a multiple of 3",
  );
});
