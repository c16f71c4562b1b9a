import { expect, test } from "vitest";
import { classQuotas } from "./class-quotas.ts";

test.each([[[1, 1, 1]], [[7, 2, 1]], [[199, 1]], [[5, 0, 3]]])(
  "classes as often as %o, from the first on",
  (counts) => {
    const next = classQuotas(counts);
    const total = counts.reduce((a, b) => a + b, 0);
    const seen = counts.map(() => 0);
    for (let i = 1; i <= 3 * total; i++) {
      seen[next()]! += 1;
      seen.forEach((count, k) => expect(Math.abs(count - (i * counts[k]!) / total)).toBeLessThanOrEqual(1.5));
    }
    expect(seen).toEqual(counts.map((count) => 3 * count));
  },
);
