/** Curves as one SVG element: no script, no style, nothing from elsewhere. */
import { tickText, ticks } from "./axis.ts";
import { escapeMarkup } from "./markup.ts";

export interface Series {
  readonly name: string;
  /** CSS color. */
  readonly color: string;
  /** x rising. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
  readonly width?: number;
  readonly height?: number;
}

/** Points a curve is drawn with: more than a screen shows. */
const mostPoints = 400;
const margin = { left: 58, right: 12, top: 30, bottom: 36 };

/**
 * The vertical axis covers what comes after the first twentieth of the curves, so that a high start does not flatten the rest: it
 * leaves the picture at the top. Values that are not finite are gaps.
 */
export function lineChart({ title, xLabel, series, width = 430, height = 250 }: LineChartOptions): string {
  const curves = series.map((one) => ({ ...one, points: thinned(one.points.filter(isFinitePoint)) }));
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return "";
  const [xLow, xHigh] = extent(all.map(([x]) => x));
  const late = all.filter(([x]) => x >= xLow + (xHigh - xLow) / 20);
  const [yLow, yHigh] = padded(extent(late.map(([, y]) => y)));
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const atX = (x: number): string =>
    (margin.left + ((x - xLow) / (xHigh - xLow || 1)) * (right - margin.left)).toFixed(1);
  const atY = (y: number): string => (bottom - ((y - yLow) / (yHigh - yLow)) * (bottom - margin.top)).toFixed(1);
  const text = (x: number | string, y: number | string, anchor: string, words: string, more = ""): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="currentColor"${more}>${escapeMarkup(words)}</text>`;

  const grid = ticks(yLow, yHigh).map(
    (y) =>
      `<line x1="${margin.left}" x2="${right}" y1="${atY(y)}" y2="${atY(y)}" stroke="currentColor" stroke-opacity="0.15"/>` +
      text(margin.left - 6, Number(atY(y)) + 4, "end", tickText(y)),
  );
  const across = (xHigh > xLow ? ticks(xLow, xHigh) : [xLow]).map((x) =>
    text(atX(x), bottom + 16, "middle", tickText(x)),
  );
  const lines = curves.map(({ points, color }) => {
    const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${atX(x)} ${atY(y)}`).join("");
    const [only] = points;
    return points.length === 1 && only
      ? `<circle cx="${atX(only[0])}" cy="${atY(only[1])}" r="3" fill="${escapeMarkup(color)}"/>`
      : `<path d="${path}" fill="none" stroke="${escapeMarkup(color)}" stroke-width="1.6" stroke-linejoin="round"/>`;
  });
  let at = right;
  const legend = curves.toReversed().map(({ name, color }) => {
    const entry =
      text(at, 16, "end", name) +
      `<line x1="${at - 6 * name.length - 20}" x2="${at - 6 * name.length - 6}" y1="12" y2="12" stroke="${escapeMarkup(color)}" stroke-width="3"/>`;
    at -= 6 * name.length + 32;
    return entry;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(title)}" font-family="sans-serif" font-size="11">`,
    text(margin.left, 16, "start", title, ' font-weight="bold" font-size="12"'),
    ...legend,
    ...grid,
    ...across,
    text((margin.left + right) / 2, height - 6, "middle", xLabel),
    // A nested viewport cuts off what lies outside, without an id that could clash with another chart's.
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

/** Means over runs of neighbors, so that a long curve is drawn with few points and keeps its course. */
function thinned(points: Series["points"]): Series["points"] {
  const size = Math.ceil(points.length / mostPoints);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const run = points.slice(i * size, (i + 1) * size);
    const mean = (axis: 0 | 1): number => run.reduce((sum, point) => sum + point[axis], 0) / run.length;
    return [mean(0), mean(1)];
  });
}
