/** SVG parts that all charts use. */
import { tickText } from "./axis.ts";
import { escapeMarkup } from "./markup.ts";

export const svgText = (x: number, y: number, anchor: "start" | "middle" | "end", words: string, more = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="currentColor"${more}>${escapeMarkup(words)}</text>`;

/** The opening <svg> tag; the caller closes it. Black on white, or the reverse for people who prefer dark pages. */
export const svgStart = (title: string, width: number, height: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(title)}" font-family="sans-serif" font-size="11" style="color-scheme: light dark; background: Canvas; color: CanvasText">`;

export const chartTitle = (left: number, title: string): string =>
  svgText(left, 16, "start", title, ' font-weight="bold" font-size="12"');

/** Horizontal grid lines with labels at `values`; `atY` maps a value to its y coordinate. */
export const gridLines = (
  values: readonly number[],
  { left, right, atY }: { readonly left: number; readonly right: number; readonly atY: (value: number) => number },
): readonly string[] =>
  values.map((value) => {
    const y = atY(value).toFixed(1);
    return (
      `<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" stroke="currentColor" stroke-opacity="0.15"/>` +
      svgText(left - 6, Number(y) + 4, "end", tickText(value))
    );
  });

/** About the mean width of letters of 11 pixels. */
const LETTER = 6.6;

/** A right-aligned legend on the title's line; `markAt` draws the mark to the left of each name. */
export function legendFromRight(
  right: number,
  names: readonly string[],
  { gap, markAt }: { readonly gap: number; readonly markAt: (wordsLeft: number, i: number) => string },
): readonly string[] {
  let at = right;
  return names
    .map((name, i) => ({ name, i }))
    .toReversed()
    .map(({ name, i }) => {
      const width = LETTER * name.length;
      const entry = svgText(at, 16, "end", name) + markAt(at - width, i);
      at -= width + gap;
      return entry;
    });
}
