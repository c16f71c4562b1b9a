/** Line charts as one self-contained SVG element, without scripts or styles. */
import { logTicks, tickText, ticks } from "./axis.ts";
import { chartTitle, gridLines, legendFromRight, svgStart, svgText } from "./chart-frame.ts";
import { escapeMarkup } from "./markup.ts";

export interface Series {
  readonly name: string;
  /** CSS color. */
  readonly color: string;
  /** In increasing x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
  /** Axes that are logarithmic, where values of 0 and below are gaps. */
  readonly logarithmic?: { readonly x?: boolean; readonly y?: boolean };
  readonly width?: number;
  readonly height?: number;
}

/** Largest number of points of a drawn line: more than a screen resolves. */
const mostPoints = 400;
const margin = { left: 58, right: 12, top: 30, bottom: 36 };

/** Where values of an axis are, before they are scaled to its length, and its ticks. */
interface Axis {
  readonly of: (value: number) => number;
  readonly ticks: (low: number, high: number) => readonly number[];
}
const linear: Axis = { of: (value) => value, ticks: (low, high) => (high > low ? ticks(low, high) : [low]) };
const logarithm: Axis = { of: Math.log10, ticks: (low, high) => logTicks(10 ** low, 10 ** high) };

/**
 * The vertical axis covers the values after the first twentieth of the x range, so that a high start does not flatten the rest, and all where it is
 * logarithmic; it is clipped at the top. Values that are not finite are gaps.
 *
 * @example
 * const points = [[1, 3], [2, 2]] as const;
 * const svg = lineChart({ title: "loss", xLabel: "step", series: [{ name: "vae", color: "#4c78a8", points }] });
 */
export function lineChart(options: LineChartOptions): string {
  const { title, xLabel, series, logarithmic = {}, width = 430, height = 250 } = options;
  const [xAxis, yAxis] = [logarithmic.x ? logarithm : linear, logarithmic.y ? logarithm : linear];
  const curves = series.map(({ name, color, points }) => {
    const scaled = points.map(([x, y]) => [xAxis.of(x), yAxis.of(y)] as const);
    return { name, color, points: thinned(scaled.filter(isFinitePoint)) };
  });
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return "";
  const [xLow, xHigh] = extent(all.map(([x]) => x));
  const late = logarithmic.y ? all : all.filter(([x]) => x >= xLow + (xHigh - xLow) / 20);
  const [yLow, yHigh] = padded(extent(late.map(([, y]) => y)));
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const atX = (x: number): number => margin.left + ((x - xLow) / (xHigh - xLow || 1)) * (right - margin.left);
  const atY = (y: number): number => bottom - ((y - yLow) / (yHigh - yLow)) * (bottom - margin.top);
  const point = (x: number, y: number): string => `${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`;

  const grid = gridLines(yAxis.ticks(yLow, yHigh), { left: margin.left, right, atY: (y) => atY(yAxis.of(y)) });
  const across = xAxis.ticks(xLow, xHigh).map((x) => svgText(atX(xAxis.of(x)), bottom + 16, "middle", tickText(x)));
  const lines = curves.map(({ points, color }) => {
    const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${point(x, y)}`).join("");
    const [only] = points;
    return points.length === 1 && only
      ? `<circle cx="${atX(only[0]).toFixed(1)}" cy="${atY(only[1]).toFixed(1)}" r="3" fill="${escapeMarkup(color)}"/>`
      : `<path d="${path}" fill="none" stroke="${escapeMarkup(color)}" stroke-width="1.6" stroke-linejoin="round"/>`;
  });
  const names = curves.map(({ name }) => name);
  const legend = legendFromRight(right, names, {
    gap: 32,
    markAt: (x, i) =>
      `<line x1="${x - 20}" x2="${x - 6}" y1="12" y2="12" stroke="${escapeMarkup(curves[i]!.color)}" stroke-width="3"/>`,
  });
  return [
    svgStart(title, width, height),
    chartTitle(margin.left, title),
    ...legend,
    ...grid,
    ...across,
    svgText((margin.left + right) / 2, height - 6, "middle", xLabel),
    // A nested viewport clips without an id, which could clash with that of another chart.
    `<svg x="0" y="${margin.top}" width="${width}" height="${bottom - margin.top}" viewBox="0 ${margin.top} ${width} ${bottom - margin.top}">`,
    ...lines,
    "</svg></svg>",
  ].join("");
}

const isFinitePoint = ([x, y]: readonly [number, number]): boolean => Number.isFinite(x) && Number.isFinite(y);

function extent(values: readonly number[]): readonly [low: number, high: number] {
  return values.reduce<readonly [number, number]>(
    ([low, high], v) => [Math.min(low, v), Math.max(high, v)],
    [Infinity, -Infinity],
  );
}

function padded([low, high]: readonly [number, number]): readonly [number, number] {
  const pad = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}

/** Averages runs of neighboring points, so that a long line keeps its shape with few points. */
function thinned(points: Series["points"]): Series["points"] {
  const size = Math.ceil(points.length / mostPoints);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const run = points.slice(i * size, (i + 1) * size);
    const mean = (axis: 0 | 1): number => run.reduce((sum, point) => sum + point[axis], 0) / run.length;
    return [mean(0), mean(1)];
  });
}
