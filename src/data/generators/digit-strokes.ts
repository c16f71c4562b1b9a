/** A control point: x right, y down, in a box of height 1. A corner breaks the smoothness of the curve. */
interface ControlPoint {
  readonly x: number;
  readonly y: number;
  readonly corner: boolean;
}

/** One pen stroke: a Catmull-Rom spline through its points. */
export type Stroke = readonly ControlPoint[];

/** One variant of a digit; variants are sampled in proportion to their weights. */
export interface Glyph {
  readonly weight: number;
  readonly strokes: readonly Stroke[];
}

/** Parses strokes written as `x,y x,y ...` in hundredths, with `!` after a corner. */
function glyph(weight: number, ...strokes: readonly string[]): Glyph {
  const point = (text: string): ControlPoint => {
    const [x, y] = text.replace("!", "").split(",").map(Number) as [number, number];
    return { x: x / 100, y: y / 100, corner: text.endsWith("!") };
  };
  return { weight, strokes: strokes.map((stroke) => stroke.split(" ").map(point)) };
}

/** Variants of 0 to 9, by digit. */
export const GLYPHS: readonly (readonly Glyph[])[] = [
  [
    // Round, closed at the top.
    glyph(4, "56,2 28,12 13,50 27,88 52,99 78,86 89,50 76,14 53,1"),
    // Narrow and leaning.
    glyph(3, "66,2 40,14 21,52 26,88 44,98 66,83 79,48 76,14 62,2"),
    // The pen overshoots where it closes.
    glyph(2, "42,6 18,28 14,66 36,97 70,90 88,55 80,18 55,3 34,12"),
  ],
  [
    // A bare line.
    glyph(7, "52,0 50,50 48,100"),
    // With a flag.
    glyph(2, "30,20 54,0! 52,50 50,100"),
    // With a flag and a foot.
    glyph(1, "28,22 53,0! 52,50 51,98", "22,100 50,98 80,98"),
  ],
  [
    // Sharp at the bottom left.
    glyph(4, "12,24 32,4 63,3 78,24 64,54 36,79 8,97! 48,95 92,94"),
    // Looped at the bottom left.
    glyph(4, "14,22 36,3 68,8 74,35 52,70 22,96 6,87 22,74 55,90 96,88"),
    // Wide neck, sagging foot.
    glyph(2, "20,18 50,0 80,14 74,42 44,70 14,92! 42,88 66,100 92,90"),
  ],
  [
    // Round, with a notch in the middle.
    glyph(5, "16,13 44,0 76,14 68,37 40,47! 74,57 83,79 54,99 12,89"),
    // Flat on top.
    glyph(1, "16,4 78,2! 42,40! 76,53 80,82 48,99 12,90"),
    // A small loop in the middle.
    glyph(3, "20,10 52,0 78,18 60,42 38,50 46,41 74,56 78,82 46,99 10,86"),
  ],
  [
    // Open: a bent stroke and a downstroke.
    glyph(4, "18,6 14,28 12,54! 46,54 80,48", "78,2 74,50 68,100"),
    // Open, with a rounded cup.
    glyph(4, "20,10 12,36 24,54 52,52 80,40", "84,6 78,50 70,100"),
    // Closed, as in print.
    glyph(2, "66,0 36,34 8,64! 50,63 94,61", "67,2 65,50 63,100"),
    // One stroke, closed at the top like a narrow 9.
    glyph(1, "72,4 34,22 16,50 44,56 74,36 80,6! 72,50 66,100"),
  ],
  [
    // Body and hat.
    glyph(4, "32,6 27,24 22,43! 50,37 78,54 76,83 46,99 10,90", "30,7 60,5 92,0"),
    // One stroke from the hat.
    glyph(3, "88,2 60,6 34,7! 24,42! 52,40 76,60 68,88 40,100 12,93"),
    // A flowing S.
    glyph(2, "92,6 60,4 36,16 38,36 62,50 70,74 46,97 10,93"),
  ],
  [
    // A long curved stem.
    glyph(4, "72,2 42,20 20,54 20,86 46,99 76,86 74,63 48,58 22,76"),
    // A straight stem and a small bowl.
    glyph(2, "50,0 32,36 22,74 36,97 60,94 70,76 54,63 26,76"),
    // The stem bends back at the top.
    glyph(2, "84,10 60,2 34,20 18,54 26,90 58,98 80,76 62,54 30,64"),
  ],
  [
    // Plain.
    glyph(5, "10,10 46,8 86,5! 66,42 46,100"),
    // With a bar.
    glyph(2, "10,10 46,8 86,4! 64,44 44,100", "30,53 56,51 84,48"),
    // With a serif and a rounded shoulder.
    glyph(2, "10,26 14,8! 50,10 80,6 80,24 62,58 50,100"),
  ],
  [
    // One stroke, an S that comes back up.
    glyph(5, "76,12 48,0 24,18 42,42 72,70 62,96 34,97 24,74 50,46 74,24 70,7"),
    // Two rings.
    glyph(2, "50,46 26,36 28,10 54,0 76,16 70,39 50,46", "50,47 22,60 20,88 48,100 80,88 78,60 52,46"),
    // Narrow and leaning.
    glyph(3, "80,10 62,0 42,14 46,38 56,70 46,96 26,96 26,74 50,46 76,26 80,8"),
  ],
  [
    // Ring and straight stem.
    glyph(5, "74,14 48,2 20,20 22,44 50,48 74,26 78,8! 74,50 66,100"),
    // Ring and a stem that curves back.
    glyph(3, "76,18 52,2 24,16 22,42 48,50 74,30 78,14 80,54 62,92 26,94"),
    // One flowing stroke, the ring left a little open.
    glyph(2, "68,6 36,8 18,32 38,50 66,34 80,10 70,52 50,100"),
  ],
];
