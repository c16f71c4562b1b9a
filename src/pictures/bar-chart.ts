/** Bar charts as one self-contained SVG element, without scripts or styles. */
import { ticks } from "./axis.ts";
import { chartTitle, gridLines, legendFromRight, svgStart, svgText } from "./chart-frame.ts";
import { escapeMarkup } from "./markup.ts";

export interface BarChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Non-negative values, left to right. */
  readonly bars: readonly { readonly label: string; readonly value: number; readonly kind: number }[];
  /** Name and CSS color of each group of bars. */
  readonly kinds: readonly { readonly name: string; readonly color: string }[];
  readonly width?: number;
  readonly height?: number;
}

const margin = { left: 52, right: 12, top: 30, bottom: 40 };
/** Width of a label under a bar. */
const labelWidth = 22;

/** Labels that would overlap are left out. */
export function barChart({
  title,
  xLabel,
  yLabel,
  bars,
  kinds,
  width = Math.max(430, Math.min(1200, 14 * bars.length)),
  height = 260,
}: BarChartOptions): string {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const high = Math.max(...bars.map(({ value }) => value), 1e-6) * 1.06;
  const step = (right - margin.left) / bars.length;
  const labeled = Math.ceil(labelWidth / step);
  const atY = (value: number): number => bottom - (Math.max(0, value) / high) * (bottom - margin.top);
  const grid = gridLines(ticks(0, high), { left: margin.left, right, atY });
  const marks = bars.map(({ label, value, kind }, i) => {
    const left = margin.left + i * step;
    const rect = `<rect x="${(left + 0.1 * step).toFixed(1)}" y="${atY(value).toFixed(1)}" width="${(0.8 * step).toFixed(1)}" height="${(bottom - atY(value)).toFixed(1)}" fill="${escapeMarkup(kinds[kind]!.color)}"/>`;
    return i % labeled === 0 ? rect + svgText(left + step / 2, bottom + 14, "middle", label) : rect;
  });
  const names = kinds.map(({ name }) => name);
  const legend = legendFromRight(right, names, {
    gap: 28,
    markAt: (x, i) => `<rect x="${x - 16}" y="8" width="9" height="9" fill="${escapeMarkup(kinds[i]!.color)}"/>`,
  });
  return [
    svgStart(title, width, height),
    chartTitle(margin.left, title),
    ...legend,
    ...grid,
    ...marks,
    svgText((margin.left + right) / 2, height - 8, "middle", xLabel),
    `<text transform="translate(12 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="currentColor">${escapeMarkup(yLabel)}</text>`,
    "</svg>",
  ].join("");
}
