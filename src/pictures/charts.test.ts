import { expect, test } from "vitest";
import { tickText, ticks } from "./axis.ts";
import { lineChart } from "./line-chart.ts";
import { escapeMarkup } from "./markup.ts";
import { scatterChart } from "./scatter-chart.ts";

const hostile = `<script>alert("x")</script>&'\u0000`;

test("ticks are round and within the range", () => {
  expect(ticks(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticks(86.2, 103.9)).toEqual([90, 95, 100]);
  expect(ticks(-0.013, 0.017)).toEqual([-0.01, 0, 0.01]);
  expect(ticks(0, 23_000)).toEqual([0, 5000, 10_000, 15_000, 20_000]);
});

test("tick labels are short", () => {
  expect([0, 0.25, 150, 12_500, 1_200_000, 0.00025, -3].map(tickText)).toEqual([
    "0",
    "0.25",
    "150",
    "12.5k",
    "1.2M",
    "2.5e-4",
    "-3",
  ]);
});

test("text is escaped for elements and attributes alike", () => {
  expect(escapeMarkup(hostile)).toBe("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39; ");
});

/** The points of the only path of a chart. */
const pathOf = (svg: string): number[][] =>
  [.../ d="([^"]*)"/.exec(svg)![1]!.matchAll(/[ML](\S+) (\d+\.\d)/g)].map(([, x, y]) => [Number(x), Number(y)]);

test("a line runs from the left to the right, and upwards where its values rise", () => {
  const series = [{ name: "a", color: "red", points: [1, 2, 3, 4].map((x) => [x, 10 * x] as const) }];
  const points = pathOf(lineChart({ title: "t", xLabel: "step", series, width: 400, height: 200 }));
  expect(points.map(([x]) => x)).toEqual([58, 168, 278, 388]);
  const ys = points.map(([, y]) => y!);
  // Equal steps of the value are equal steps of the picture.
  expect(ys[0]! - ys[1]!).toBeGreaterThan(0);
  expect(ys[1]! - ys[2]!).toBeCloseTo(ys[0]! - ys[1]!, 0);
});

test("a high start leaves the picture and does not flatten what follows", () => {
  const points = Array.from({ length: 101 }, (_, i) => [i, i === 0 ? 1e6 : 1 + (i % 2)] as const);
  const ys = pathOf(
    lineChart({ title: "t", xLabel: "step", series: [{ name: "a", color: "red", points }], height: 250 }),
  ).map(([, y]) => y!);
  expect(Math.max(...ys.slice(1)) - Math.min(...ys.slice(1))).toBeGreaterThan(100);
});

test("long lines have few points, and none for values that are not finite", () => {
  const points = Array.from({ length: 10_000 }, (_, i) => [i, i % 100 === 0 ? Number.NaN : i] as const);
  const svg = lineChart({ title: "t", xLabel: "step", series: [{ name: "a", color: "red", points }] });
  expect(svg).not.toContain("NaN");
  expect(pathOf(svg).length).toBeLessThanOrEqual(400);
  expect(
    lineChart({ title: "t", xLabel: "step", series: [{ name: "a", color: "red", points: [[1, Number.NaN]] }] }),
  ).toBe("");
});

test("no name in a chart becomes markup", () => {
  const chart = lineChart({
    title: hostile,
    xLabel: hostile,
    series: [{ name: hostile, color: hostile, points: [[0, 1]] }],
  });
  const map = scatterChart({
    title: hostile,
    points: [0, 1],
    axes: [hostile, hostile],
    classes: { of: [0], names: [hostile] },
  });
  expect(chart + map).not.toMatch(/<script|"x"/);
});

test("a scatter puts each point in the color of its class, the second coordinate upwards", () => {
  const svg = scatterChart({
    title: "t",
    points: [-1, -1, 1, 1],
    axes: ["x", "y"],
    classes: { of: [0, 1], names: ["a", "b"] },
  });
  const marks = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="2.2" fill="(#\w+)"/g)];
  const [low, high] = marks.map(([, x, y]) => [Number(x), Number(y)]) as [number[], number[]];
  expect(marks.map(([, , , color]) => color)).toEqual(["#4c78a8", "#f58518"]);
  expect(high[0]).toBeGreaterThan(low[0]!);
  expect(high[1]).toBeLessThan(low[1]!);
});

test("on logarithmic axes powers are as far apart, and what has no logarithm is left out", () => {
  const points = [
    [1, 100],
    [2, 0],
    [10, 10],
    [100, 1],
  ] as const;
  const logarithmic = { x: true, y: true };
  const [path] = [
    pathOf(lineChart({ title: "t", xLabel: "n", series: [{ name: "a", color: "red", points }], logarithmic })),
  ];
  expect(path).toHaveLength(3);
  const [a, b, c] = path as [number[], number[], number[]];
  expect([b[0]! - a[0]!, b[1]! - a[1]!]).toEqual([expect.closeTo(c[0]! - b[0]!, 0), expect.closeTo(c[1]! - b[1]!, 0)]);
});
