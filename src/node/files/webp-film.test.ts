import sharp from "sharp";
import { expect, test } from "vitest";
import { ShapeError } from "../../errors.ts";
import type { Raster } from "../../pictures/raster.ts";
import { encodeWebp } from "./webp-film.ts";

const frame = (seed: number, channels: 1 | 3): Raster => ({
  width: 6,
  height: 4,
  channels,
  data: Uint8Array.from({ length: 24 * channels }, (_, i) => (i * 37 + seed * 91) & 255),
});

test.each([1, 3] as const)(
  "%d channels: every frame comes back as it was, with its time, for ever",
  async (channels) => {
    const frames = [0, 1, 2].map((seed) => frame(seed, channels));
    const film = await encodeWebp(frames, { frameMs: 40 });
    const { format, pages, pageHeight, width, delay, loop } = await sharp(film, { animated: true }).metadata();
    expect({ format, pages, pageHeight, width, delay, loop }).toEqual({
      format: "webp",
      pages: 3,
      pageHeight: 4,
      width: 6,
      delay: [40, 40, 40],
      loop: 0,
    });
    for (const [page, { data }] of frames.entries()) {
      const rgb = await sharp(film, { page }).removeAlpha().raw().toBuffer();
      expect(Array.from(rgb)).toEqual(channels === 3 ? Array.from(data) : Array.from(data).flatMap((v) => [v, v, v]));
    }
  },
);

test("frames that differ are refused", async () => {
  await expect(encodeWebp([frame(0, 1), frame(0, 3)])).rejects.toThrow(ShapeError);
  await expect(encodeWebp([])).rejects.toThrow("webp: no frames");
});
