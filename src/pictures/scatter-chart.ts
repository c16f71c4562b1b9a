/** Scatter plots as one SVG element, colored by class. */
import { tickText, ticks } from "./axis.ts";
import { chartTitle, svgStart, svgText } from "./chart-frame.ts";
import { escapeMarkup } from "./markup.ts";

export interface ScatterChartOptions {
  readonly title: string;
  /** Interleaved x and y coordinates. */
  readonly points: ArrayLike<number>;
  readonly axes: readonly [x: string, y: string];
  /** Class index of each point, and class names. */
  readonly classes?: { readonly of: ArrayLike<number>; readonly names: readonly string[] };
  readonly side?: number;
}

/** Ten distinguishable colors, used cyclically. */
export const classColors: readonly string[] = [
  "#4c78a8",
  "#f58518",
  "#e45756",
  "#72b7b2",
  "#54a24b",
  "#eeca3b",
  "#b279a2",
  "#ff9da6",
  "#9d755d",
  "#7f7f7f",
];

/** Equal scales on both axes; the legend is on the right. */
export function scatterChart({ title, points, axes, classes, side = 430 }: ScatterChartOptions): string {
  const count = points.length / 2;
  const values = Array.from(points).filter(Number.isFinite);
  const reach = Math.max(1e-6, ...[...values].map(Math.abs)) * 1.05;
  const margin = 34;
  const legend = classes ? 12 + 7 * Math.max(...classes.names.map((name) => name.length), 1) + 14 : 0;
  const at = (v: number, up = false): string =>
    (up
      ? side - margin - ((v + reach) / (2 * reach)) * (side - 2 * margin)
      : margin + ((v + reach) / (2 * reach)) * (side - 2 * margin)
    ).toFixed(1);
  const color = (label: number): string => classColors[label % classColors.length]!;
  const marks = Array.from({ length: count }, (_, i): string =>
    Number.isFinite(points[2 * i]) && Number.isFinite(points[2 * i + 1])
      ? `<circle cx="${at(points[2 * i]!)}" cy="${at(points[2 * i + 1]!, true)}" r="2.2" fill="${color(classes?.of[i] ?? 0)}" fill-opacity="0.75"/>`
      : "",
  );
  const grid = ticks(-reach, reach).map(
    (v) =>
      `<line x1="${at(v)}" x2="${at(v)}" y1="${margin}" y2="${side - margin}" stroke="currentColor" stroke-opacity="0.12"/>` +
      `<line x1="${margin}" x2="${side - margin}" y1="${at(v, true)}" y2="${at(v, true)}" stroke="currentColor" stroke-opacity="0.12"/>` +
      svgText(Number(at(v)), side - margin + 14, "middle", tickText(v)) +
      svgText(margin - 5, Number(at(v, true)) + 4, "end", tickText(v)),
  );
  const names = (classes?.names ?? []).map(
    (name, label) =>
      `<circle cx="${side - 14}" cy="${margin + 8 + 17 * label}" r="4" fill="${color(label)}"/>` +
      svgText(side - 4, margin + 12 + 17 * label, "start", name),
  );
  return [
    svgStart(title, side + legend, side),
    chartTitle(margin, title),
    ...grid,
    ...marks,
    ...names,
    svgText(side / 2, side - 4, "middle", axes[0]),
    `<text transform="translate(10 ${side / 2}) rotate(-90)" text-anchor="middle" fill="currentColor">${escapeMarkup(axes[1])}</text>`,
    "</svg>",
  ].join("");
}
