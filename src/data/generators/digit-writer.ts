import { fillUniform, type StreamKey } from "../../random/index.ts";
import { GLYPHS, type Glyph, type Stroke } from "./digit-strokes.ts";

/** Side of a digit image in pixels. */
export const SIDE = 28;
/** Blocks of four uniform numbers reserved for one digit; a digit uses at most 122 numbers. */
const BLOCKS = 32;
/** Line segments per curve between two control points. */
const PIECES = 5;
/** Control points per side of the elastic-distortion grid. */
const GRID = 5;

/** Ranges of the handwriting parameters, sampled for every digit. */
const HAND = {
  /** Largest shift of a control point, as a fraction of the digit's height. */
  jitter: 0.05,
  /** Largest shift of a control point of the elastic grid, in the same unit. */
  elastic: 0.34,
  /** Shift of x per unit of height, positive to the right. */
  slant: [-0.25, 0.65],
  /** Radians. */
  rotation: [-0.25, 0.25],
  /** Width over height relative to the glyph's own. */
  aspect: [0.66, 1.35],
  /** Longer side of the ink's bounding box, in pixels. */
  extent: [18, 20.5],
  /** Half the line width, in pixels. */
  radius: [0.78, 2.42],
  /** Largest relative change of the line width from the middle of a stroke to its ends. */
  pressure: 0.2,
  /** Half the width of the line's soft edge, in pixels. */
  softness: [0.5, 0.85],
} as const;

/**
 * Draws digits: image `index` and its label depend on the key and the index only.
 * Only correctly rounded arithmetic is used (no sin, exp or log), so the bytes are the same in every JavaScript engine.
 */
export class DigitWriter {
  readonly #key: StreamKey;
  readonly #uniforms = new Float32Array(4 * BLOCKS);
  #used = 0;
  /** Pen path: position and half line width at each point; a negative width lifts the pen before the point. */
  readonly #x = new Float64Array(256);
  readonly #y = new Float64Array(256);
  readonly #width = new Float64Array(256);
  #points = 0;
  readonly #gridX = new Float64Array(GRID * GRID);
  readonly #gridY = new Float64Array(GRID * GRID);
  /** Signed distance of each pixel to the edge of the line, positive inside. */
  readonly #depth = new Float32Array(SIDE * SIDE);

  constructor(key: StreamKey) {
    this.#key = key;
  }

  /** Writes image `index` (28 x 28 bytes, ink 255) to `out` and returns its label. */
  draw(index: number, out: Uint8Array): number {
    fillUniform(this.#uniforms, this.#key, index * BLOCKS);
    this.#used = 0;
    const label = Math.floor(this.#uniform() * GLYPHS.length);
    const glyph = this.#choose(GLYPHS[label]!);
    this.#layOut(glyph);
    this.#bend();
    this.#place();
    this.#ink(out);
    return label;
  }

  #uniform(): number {
    return this.#uniforms[this.#used++]!;
  }

  /** A sample from the triangular distribution on [low, high] (mean of two uniforms). */
  #between([low, high]: readonly [number, number]): number {
    return low + ((this.#uniform() + this.#uniform()) / 2) * (high - low);
  }

  #choose(glyphs: readonly Glyph[]): Glyph {
    let left = this.#uniform() * glyphs.reduce((sum, { weight }) => sum + weight, 0);
    return glyphs.find(({ weight }) => (left -= weight) < 0) ?? glyphs[0]!;
  }

  #layOut({ strokes }: Glyph) {
    this.#points = 0;
    for (const stroke of strokes) this.#trace(stroke);
  }

  /** Flattens a Catmull-Rom spline; at a corner or an end the missing neighbor is the point itself. */
  #trace(stroke: Stroke) {
    const count = stroke.length;
    const xs: number[] = [];
    const ys: number[] = [];
    for (const { x, y } of stroke) {
      xs.push(x + (this.#uniform() + this.#uniform() - 1) * HAND.jitter);
      ys.push(y + (this.#uniform() + this.#uniform() - 1) * HAND.jitter);
    }
    const pressure = (2 * this.#uniform() - 1) * HAND.pressure;
    for (let i = 0; i + 1 < count; i++) {
      const before = i === 0 || stroke[i]!.corner ? i : i - 1;
      const after = i + 2 === count || stroke[i + 1]!.corner ? i + 1 : i + 2;
      for (let piece = i === 0 ? 0 : 1; piece <= PIECES; piece++) {
        const t = piece / PIECES;
        const at = this.#points++;
        this.#x[at] = catmullRom(xs[before]!, xs[i]!, xs[i + 1]!, xs[after]!, t);
        this.#y[at] = catmullRom(ys[before]!, ys[i]!, ys[i + 1]!, ys[after]!, t);
        const along = (i + t) / (count - 1);
        const width = 1 + pressure * (2 * along - 1);
        this.#width[at] = i === 0 && piece === 0 ? -width : width;
      }
    }
  }

  /** Elastic distortion: shifts every point by a random cubic B-spline surface. */
  #bend() {
    for (let k = 0; k < GRID * GRID; k++) {
      this.#gridX[k] = (2 * this.#uniform() - 1) * HAND.elastic;
      this.#gridY[k] = (2 * this.#uniform() - 1) * HAND.elastic;
    }
    const cells = GRID - 3;
    for (let at = 0; at < this.#points; at++) {
      const u = this.#x[at]! * cells;
      const v = this.#y[at]! * cells;
      const column = Math.min(Math.max(Math.floor(u), 0), cells - 1);
      const row = Math.min(Math.max(Math.floor(v), 0), cells - 1);
      let dx = 0;
      let dy = 0;
      for (let j = 0; j < 4; j++) {
        const weightY = bSpline(v - row, j);
        for (let i = 0; i < 4; i++) {
          const weight = weightY * bSpline(u - column, i);
          const k = (row + j) * GRID + column + i;
          dx += weight * this.#gridX[k]!;
          dy += weight * this.#gridY[k]!;
        }
      }
      this.#x[at]! += dx;
      this.#y[at]! += dy;
    }
  }

  /** Slants, rotates and scales the path into the central 20 x 20 pixels and moves its center of mass to the image center. */
  #place() {
    const slant = this.#between(HAND.slant);
    const rotation = this.#between(HAND.rotation);
    const aspect = this.#between(HAND.aspect);
    const extent = this.#between(HAND.extent);
    // Squaring favors thin lines.
    const [thin, thick] = HAND.radius;
    const mix = (this.#uniform() + this.#uniform()) / 2;
    const radius = thin + mix ** 2 * (thick - thin);
    // (1 - t^2, 2t) / (1 + t^2) with t = rotation / 2 is an exact rotation, by approximately `rotation`.
    const t = rotation / 2;
    const cos = (1 - t * t) / (1 + t * t);
    const sin = (2 * t) / (1 + t * t);

    let left = Infinity;
    let right = -Infinity;
    let top = Infinity;
    let bottom = -Infinity;
    for (let at = 0; at < this.#points; at++) {
      const y = this.#y[at]! - 0.5;
      const x = (this.#x[at]! - 0.5) * aspect - y * slant;
      const turnedX = x * cos - y * sin;
      const turnedY = x * sin + y * cos;
      this.#x[at] = turnedX;
      this.#y[at] = turnedY;
      left = Math.min(left, turnedX);
      right = Math.max(right, turnedX);
      top = Math.min(top, turnedY);
      bottom = Math.max(bottom, turnedY);
    }
    const scale = (extent - 2 * radius) / Math.max(right - left, bottom - top);
    let mass = 0;
    let massX = 0;
    let massY = 0;
    for (let at = 1; at < this.#points; at++) {
      if (this.#width[at]! < 0) continue;
      const dx = this.#x[at]! - this.#x[at - 1]!;
      const dy = this.#y[at]! - this.#y[at - 1]!;
      const length = Math.sqrt(dx * dx + dy * dy);
      mass += length;
      massX += length * (this.#x[at]! + this.#x[at - 1]!) * 0.5;
      massY += length * (this.#y[at]! + this.#y[at - 1]!) * 0.5;
    }
    // Pixel centers are at integers, the image center at (SIDE - 1) / 2. The border pixels stay free of ink.
    const center = (SIDE - 1) / 2;
    const room = center - radius * (1 + HAND.pressure) - HAND.softness[1];
    const shift = (mean: number, low: number, high: number) =>
      center - Math.min(Math.max(mean, high - room / scale), low + room / scale) * scale;
    const shiftX = shift(massX / mass, left, right);
    const shiftY = shift(massY / mass, top, bottom);
    for (let at = 0; at < this.#points; at++) {
      this.#x[at] = this.#x[at]! * scale + shiftX;
      this.#y[at] = this.#y[at]! * scale + shiftY;
      this.#width[at]! *= radius;
    }
  }

  /** Rasterizes the path: intensity falls smoothly from 1 to 0 across the soft edge of the line. */
  #ink(out: Uint8Array) {
    const softness = this.#between(HAND.softness);
    const depth = this.#depth.fill(-softness);
    for (let at = 1; at < this.#points; at++) {
      const width = this.#width[at]!;
      if (width < 0) continue;
      const x0 = this.#x[at - 1]!;
      const y0 = this.#y[at - 1]!;
      const dx = this.#x[at]! - x0;
      const dy = this.#y[at]! - y0;
      const inverse = 1 / Math.max(dx * dx + dy * dy, 1e-9);
      const reach = width + softness;
      const firstColumn = Math.max(0, Math.ceil(Math.min(x0, x0 + dx) - reach));
      const lastColumn = Math.min(SIDE - 1, Math.floor(Math.max(x0, x0 + dx) + reach));
      const firstRow = Math.max(0, Math.ceil(Math.min(y0, y0 + dy) - reach));
      const lastRow = Math.min(SIDE - 1, Math.floor(Math.max(y0, y0 + dy) + reach));
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const along = Math.min(Math.max(((column - x0) * dx + (row - y0) * dy) * inverse, 0), 1);
          const offX = column - x0 - along * dx;
          const offY = row - y0 - along * dy;
          const inside = width - Math.sqrt(offX * offX + offY * offY);
          const pixel = row * SIDE + column;
          if (inside > depth[pixel]!) depth[pixel] = inside;
        }
      }
    }
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      const t = Math.min((depth[pixel]! + softness) / (2 * softness), 1);
      out[pixel] = Math.round(255 * t * t * (3 - 2 * t));
    }
  }
}

function catmullRom(before: number, from: number, to: number, after: number, t: number): number {
  const a = 2 * from;
  const b = to - before;
  const c = 2 * before - 5 * from + 4 * to - after;
  const d = 3 * (from - to) + after - before;
  return (a + t * (b + t * (c + t * d))) / 2;
}

/** Weight of control point `index` (0 to 3) in a uniform cubic B-spline at `t` in its cell. */
function bSpline(t: number, index: number): number {
  const s = 1 - t;
  switch (index) {
    case 0:
      return (s * s * s) / 6;
    case 1:
      return (3 * t * t * t - 6 * t * t + 4) / 6;
    case 2:
      return (3 * s * s * s - 6 * s * s + 4) / 6;
    default:
      return (t * t * t) / 6;
  }
}
