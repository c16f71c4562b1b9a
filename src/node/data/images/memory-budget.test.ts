import { expect, test } from "vitest";
import { MemoryBudget } from "./memory-budget.ts";

test("work waits until there is memory for it, in order, and what is larger than all takes all", async () => {
  const budget = new MemoryBudget(10);
  let [held, most] = [0, 0];
  const order: number[] = [];
  const sizes = [6, 6, 3, 20, 1, 10, 2];
  await Promise.all(
    sizes.map((bytes, i) =>
      budget.during(bytes, async () => {
        order.push(i);
        held += bytes;
        most = Math.max(most, held);
        await new Promise((resolve) => setTimeout(resolve, 5));
        held -= bytes;
      }),
    ),
  );
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(20);
});

test("what fails gives its memory back", async () => {
  const budget = new MemoryBudget(1);
  await expect(budget.during(1, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(budget.during(1, () => Promise.resolve(2))).resolves.toBe(2);
});
