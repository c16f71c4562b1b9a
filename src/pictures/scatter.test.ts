import { expect, test } from "vitest";
import { classScatter, scatter } from "./scatter.ts";

/** Places of pixels as bright as `count` points. */
const lit = ({ width, data }: ReturnType<typeof scatter>, count: number): readonly (readonly [number, number])[] =>
  [...data.entries()]
    .filter(([, value]) => value === Math.min(255, 110 * count))
    .map(([at]) => [at % width, Math.floor(at / width)]);

test("x runs to the right and y upwards, on one scale", () => {
  // (0, 0) and (2, 1) make the window [-0.1, 2.1] wide and [-0.6, 1.6] high: a tenth of a unit a pixel.
  const picture = scatter([Float32Array.of(0, 0, 2, 1, 0.55, 0.25, 1.55, 0.85, 1.55, 0.85)], { side: 22, pad: 1 });
  expect([picture.width, picture.height]).toEqual([24, 24]);
  expect(lit(picture, 1)).toContainEqual([7, 14]);
  expect(lit(picture, 2)).toEqual([[17, 8]]);
});

test("few points are dots, many are pixels", () => {
  const [few, many] = [500, 501].map((count) =>
    scatter([Float32Array.from({ length: 2 * count }, (_, i) => (i < 2 ? 1 : 0))], { side: 100, pad: 0 }),
  );
  expect(lit(few!, 1)).toHaveLength(9);
  expect(lit(many!, 1)).toHaveLength(1);
});

test("panels have the axis limits of the first", () => {
  const points = Float32Array.of(0, 0, 1, 1);
  const picture = scatter([points, Float32Array.of(0, 0, 5, 5, Number.NaN, 0)], { side: 40, pad: 2 });
  const places = lit(picture, 1);
  const [first, second] = [places.filter(([x]) => x < 42), places.filter(([x]) => x >= 44)];
  expect(first.length).toBe(2);
  expect(second).toEqual([[first[1]![0] + 42, first[1]![1]]]);
});

test("a part of some points lies where it does among all of them", () => {
  const all = Float32Array.of(0, 0, 4, 3, 1, 2);
  const options = { side: 40, pad: 2, scaleOf: all };
  const parts = [0, 2, 4].flatMap((at) => lit(scatter([all.subarray(at, at + 2)], options), 1));
  expect(new Set(parts.map(String))).toEqual(new Set(lit(scatter([all], { side: 40, pad: 2 }), 1).map(String)));
});

test.each([[[]], [[3, 3]], [[Number.NaN, 1]]])("no axis limits for %j", (points) => {
  expect(scatter([Float32Array.from(points)]).width).toBe(328);
});

test("points have the colors of their classes, on white, with the origin in the middle", () => {
  const points = Float32Array.of(0, 0, 0.5, 0.5, -3, 0, Number.NaN, 0);
  const { data, channels, width } = classScatter(points, [1, 12, 3, 4], { side: 40, reach: 1 });
  expect([channels, width]).toEqual([3, 40]);
  const colored = new Map<string, (readonly [number, number])[]>();
  for (let at = 0; at < 40 * 40; at++) {
    const color = Buffer.from(data.subarray(3 * at, 3 * at + 3)).toString("hex");
    colored.set(color, [...(colored.get(color) ?? []), [at % 40, Math.floor(at / 40)]]);
  }
  // Class 1 and, in turn again, 12; the others lie outside. Then white and the frame.
  expect([...colored.keys()].toSorted()).toEqual(["c8c8c8", "e45756", "f58518", "ffffff"]);
  const middle = (color: string) =>
    [0, 1].map((axis) => colored.get(color)!.reduce((s, place) => s + place[axis]!, 0) / colored.get(color)!.length);
  expect(middle("f58518")).toEqual([20, 20]);
  expect(middle("e45756")).toEqual([30, 10]);
});
