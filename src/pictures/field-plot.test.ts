import { expect, test } from "vitest";
import { fieldPlot, type PlaneField } from "./field-plot.ts";
import type { Raster } from "./raster.ts";

const area = { left: -2, bottom: -2, extent: 4 };
const field = (of: (x: number, y: number) => number, side = 40): PlaneField => ({
  values: Float32Array.from({ length: side * side }, (_, i) =>
    of(-2 + ((i % side) + 0.5) * (4 / side), 2 - (Math.floor(i / side) + 0.5) * (4 / side)),
  ),
  side,
  area,
  title: "D(x)",
});
/** The color at a point of the plane: 320 pixels a side, 8 from the left and 30 from the top. */
const at = ({ width, data }: Raster, x: number, y: number): readonly number[] => {
  const [column, row] = [8 + Math.floor(((x + 2) / 4) * 320), 30 + 319 - Math.floor(((y + 2) / 4) * 320)];
  return [...data.subarray((row * width + column) * 3, (row * width + column) * 3 + 3)];
};
const low = [126, 140, 206];
const high = [120, 190, 150];

test("y is upwards and x to the right, in twelve levels from the lowest value to the highest", () => {
  const upwards = fieldPlot(
    [],
    field((_, y) => y),
  );
  expect([at(upwards, 0, -1.99), at(upwards, 1, 1.99)]).toEqual([low, high]);
  const right = fieldPlot(
    [],
    field((x) => 1000 * x),
  );
  expect([at(right, -1.99, 0), at(right, 1.99, 1)]).toEqual([low, high]);
  const along = Array.from({ length: 320 }, (_, i) => String(at(right, -2 + (i + 0.5) / 80, 0.5)));
  expect(new Set(along).size).toBe(12);
  // Each level is as wide as the others, a cell at most.
  const edges = along.flatMap((color, i) => (i > 0 && color !== along[i - 1] ? [i] : []));
  for (const [i, edge] of edges.entries()) expect(Math.abs(edge - ((i + 1) * 320) / 12)).toBeLessThan(8);
});

test("points lie where they are, generated ones over real ones, and those outside or of no number nowhere", () => {
  const flat = field(() => 7);
  const none = new Float32Array();
  const plain = fieldPlot([none, none], flat);
  const plot = fieldPlot([Float32Array.of(-1, -1, 1, 0.5), Float32Array.of(1, 0.5, 0, 1)], flat);
  const [real, both, generated] = [at(plot, -1, -1), at(plot, 1, 0.5), at(plot, 0, 1)];
  expect(real[2]).toBeGreaterThan(real[0]!);
  expect(generated[0]).toBeGreaterThan(generated[2]! + 50);
  expect(both[0]).toBeGreaterThan(both[2]! + 50);
  expect(both).not.toEqual(generated);
  // Four pixels each, of which real ones and generated ones share four.
  const changed = plot.data.filter((value, i) => i % 3 === 0 && value !== plain.data[i]).length;
  expect(changed).toBe(12);
  const outside = fieldPlot([Float32Array.of(2.1, 0, Number.NaN, 1, 0, Infinity)], flat);
  expect(Buffer.compare(outside.data, fieldPlot([none], flat).data)).toBe(0);
});

test("a value that is not finite is gray, and takes no part in the range", () => {
  const plot = fieldPlot(
    [],
    field((x, y) => (x > 1 ? Number.NaN : y > 1.9 ? Infinity : y)),
  );
  expect([at(plot, 1.5, 0), at(plot, 0, 1.99)]).toEqual([
    [180, 180, 180],
    [180, 180, 180],
  ]);
  expect([at(plot, -1, -1.99), at(plot, -1, 1.8)]).toEqual([low, high]);
});

test("the title, the ends of the range and the sets are written", () => {
  const inked = ({ width, height, data }: Raster, top: number, bottom: number): number =>
    data.subarray(top * width * 3, Math.min(height, bottom) * width * 3).filter((v) => v === 40).length;
  const short = fieldPlot(
    [],
    field((x) => x),
  );
  const long = fieldPlot([], { ...field((x) => x), title: "D(x), epoch 3" });
  expect(inked(long, 0, 30)).toBeGreaterThan(2 * inked(short, 0, 30));
  expect(inked(short, 350, 380)).toBeGreaterThan(100);
});

test("a title that does not fit is written smaller, not cut off", () => {
  const beside = ({ width, data }: Raster, left: number): boolean =>
    Array.from({ length: 30 * (width - left) }, (_, i) => {
      const [row, column] = [Math.floor(i / (width - left)), left + (i % (width - left))];
      return data[(row * width + column) * 3];
    }).includes(40);
  const plot = (title: string): Raster => fieldPlot([], { ...field((x) => x), title });
  const [fits, wide] = [plot("M".repeat(26)), plot("M".repeat(27))];
  expect([beside(fits, 310), beside(fits, 328)]).toEqual([true, false]);
  expect([beside(wide, 160), beside(wide, 180)]).toEqual([true, false]);
});
