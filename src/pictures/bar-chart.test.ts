import { expect, test } from "vitest";
import { barChart } from "./bar-chart.ts";

const kinds = [
  { name: "active", color: "#111111" },
  { name: "idle", color: "#222222" },
];
const rects = (svg: string): { height: number; bottom: number; fill: string }[] =>
  [...svg.matchAll(/<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="([^"]+)"/g)]
    .map(([, y, height, fill]) => ({ height: Number(height), bottom: Number(y) + Number(height), fill: fill! }))
    .filter(({ height }) => height !== 9);

test("bars stand on one line, as high as their values, in the color of their kind", () => {
  const bars = [4, 2, 1, 0].map((value, i) => ({ label: String(i), value, kind: Number(value < 2) }));
  const found = rects(barChart({ title: "t", xLabel: "x", yLabel: "y", bars, kinds }));
  expect(found).toHaveLength(4);
  const unit = found[0]!.height / 4;
  found.forEach(({ height, bottom, fill }, i) => {
    expect(Math.abs(height - unit * bars[i]!.value)).toBeLessThan(0.2);
    expect(Math.abs(bottom - found[0]!.bottom)).toBeLessThan(0.2);
    expect(fill).toBe(kinds[bars[i]!.kind]!.color);
  });
});

test("what is written comes out as text, and crowded labels are left out", () => {
  const bars = Array.from({ length: 500 }, (_, i) => ({ label: `u${i}`, value: 1, kind: 0 }));
  const svg = barChart({ title: "<a & b>", xLabel: "x", yLabel: "y", bars, kinds });
  expect(svg).toContain("&lt;a &amp; b&gt;");
  expect(svg).not.toContain("<a &");
  const labels = [...svg.matchAll(/>u(\d+)</g)].map(([, i]) => Number(i));
  expect(labels[0]).toBe(0);
  expect(labels.length).toBeLessThan(60);
});

test("bars of nothing are drawn without a number that is none", () => {
  const svg = barChart({ title: "t", xLabel: "x", yLabel: "y", bars: [{ label: "0", value: 0, kind: 0 }], kinds });
  expect(svg).not.toMatch(/NaN|Infinity/);
});
