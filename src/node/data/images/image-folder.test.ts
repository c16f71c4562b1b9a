import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExampleReader } from "../../../data/storage/example-reader.ts";
import { FIXED_BINARIZATION } from "../../../data/binarize.ts";
import type { DataSource } from "../../../data/split.ts";
import { DataError } from "../../../errors.ts";
import { openImageFolder } from "./image-folder.ts";
import { openDataSource } from "../source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-images-"));
  process.env["LATENTKIT_CACHE"] = join(folder, "cache");
});
afterAll(async () => {
  delete process.env["LATENTKIT_CACHE"];
  await rm(folder, { recursive: true });
});

/** A picture of 2 x 2 fields: red, green, blue and white from the left above. */
function fields(width: number, height: number): Sharp {
  const colors = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
  ];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return colors[2 * Number(y >= height / 2) + Number(x >= width / 2)]![i % 3]!;
  });
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function put(path: string, content: Sharp | Uint8Array): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content instanceof Uint8Array ? content : await content.toBuffer());
}

const open = (name: string, options = {}): Promise<DataSource> => openDataSource(join(folder, name), options);

/** Every example of a source's dataset, as models see them, in the order of their files. */
function images({ train: { dataset } }: DataSource): Float32Array[] {
  const size = dataset.shape.reduce((a, b) => a * b);
  const reader = new ExampleReader(dataset, "none");
  return Array.from({ length: dataset.size }, (_, i) => {
    const out = new Float32Array(size);
    reader.read(out, Uint32Array.of(i), FIXED_BINARIZATION);
    return out;
  });
}

/** The colors near the corners of a square [3, size, size] picture, rounded to a tenth. */
function corners(image: Float32Array, size: number): number[][] {
  const near = [1, size - 2];
  return near.flatMap((y) =>
    near.map((x) => [0, 1, 2].map((c) => Math.round(10 * image[(c * size + y) * size + x]!) / 10)),
  );
}
const [red, green, blue, white] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 1],
];

describe("whatever a picture is stored as", () => {
  test("size, format, depth, frames and alpha", async () => {
    const high = await fields(64, 64).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(high).metadata()).depth).toBe("ushort");
    await put("kinds/a-large.jpg", fields(300, 200).jpeg({ quality: 95 }));
    await put("kinds/b-tall.webp", fields(40, 160).webp({ lossless: true }));
    await put("kinds/c-16-bit.png", high);
    await put("kinds/d.tiff", fields(50, 50).tiff());
    await put("kinds/e.gif", fields(48, 48).gif());
    await put("kinds/deep/er/f.avif", fields(64, 64).avif({ quality: 90 }));
    await put(
      "kinds/g-alpha.png",
      fields(64, 64)
        .joinChannel(Buffer.alloc(64 * 64, 255), { raw: { width: 64, height: 64, channels: 1 } })
        .png(),
    );
    await put("kinds/notes.txt", Buffer.from("not a picture"));
    const source = await open("kinds", { size: 16 });
    expect(source.train.dataset).toMatchObject({ shape: [3, 16, 16], size: 7, range: [0, 255] });
    expect(source.train.dataset.labels).toBeUndefined();
    for (const image of images(source)) expect(corners(image, 16)).toEqual([red, green, blue, white]);
  });

  test("CMYK", async () => {
    await put("cmyk/a.jpg", fields(64, 64).toColourspace("cmyk").jpeg({ quality: 95 }));
    expect((await sharp(join(folder, "cmyk/a.jpg")).metadata()).space).toBe("cmyk");
    for (let i = 0; i < 8; i++) await put(`cmyk/c${i}.png`, fields(64, 64).png());
    const [cmyk] = images(await open("cmyk", { size: 16 }));
    // What inks cannot show comes back duller.
    const strongest = corners(cmyk!, 16).map((color) => color.indexOf(Math.max(...color)));
    expect(strongest.slice(0, 3)).toEqual([0, 1, 2]);
    expect(corners(cmyk!, 16)[3]).toEqual(white);
  });

  test("the first frame of an animation, transparency on white, EXIF turned upright", async () => {
    const frames = Buffer.concat([await fields(32, 32).raw().toBuffer(), Buffer.alloc(32 * 32 * 3, 0)]);
    await put("odd/a.gif", sharp(frames, { raw: { width: 32, height: 64, channels: 3, pageHeight: 32 } }).gif());
    expect((await sharp(join(folder, "odd/a.gif")).metadata()).pages).toBe(2);
    // Orientation 6: the row at the top is shown at the right.
    await put("odd/b.jpg", fields(64, 64).jpeg({ quality: 95 }).withMetadata({ orientation: 6 }));
    await put("odd/c.png", sharp({ create: { width: 32, height: 32, channels: 4, background: "#ff000000" } }).png());
    for (let i = 0; i < 8; i++) await put(`odd/d${i}.png`, fields(32, 32).png());
    const [animated, turned, clear] = images(await open("odd", { size: 16, channels: 3 }));
    expect(corners(animated!, 16)).toEqual([red, green, blue, white]);
    expect(corners(turned!, 16)).toEqual([blue, red, white, green]);
    expect(corners(clear!, 16)).toEqual([white, white, white, white]);
  });

  test("what does not fit the square is cut off on both sides", async () => {
    const stripes = Buffer.from(Array.from({ length: 90 * 30 }, (_, i) => [0, 128, 255][Math.floor((i % 90) / 30)]!));
    for (let i = 0; i < 10; i++)
      await put(
        `wide/${i}.png`,
        sharp(stripes, { raw: { width: 90, height: 30, channels: 1 } })
          .toColourspace("b-w")
          .png(),
      );
    const source = await open("wide", { size: 30 });
    expect(source.train.dataset.shape).toEqual([1, 30, 30]);
    expect(images(source)[0]).toEqual(new Float32Array(900).fill(128 / 255));
  });
});

test("without wishes, small squares keep their size and gray stays gray; else 32 x 32 in color", async () => {
  for (let i = 0; i < 10; i++) {
    await put(`small/${i}.png`, fields(20, 20).toColourspace("b-w").png());
    await put(`mixed/${i}.png`, fields(20 + i, 20).png());
  }
  expect((await open("small")).train.dataset.shape).toEqual([1, 20, 20]);
  expect((await open("mixed")).train.dataset.shape).toEqual([3, 32, 32]);
  expect((await open("small", { channels: 3 })).train.dataset.shape).toEqual([3, 20, 20]);
});

describe("folders", () => {
  test("are classes", async () => {
    for (let i = 0; i < 12; i++) await put(`pets/${["cat", "dog", "ape"][i % 3]}/${i}.png`, fields(8, 8).png());
    const { train, validation, test: tested } = await open("pets");
    expect(train.dataset.classNames).toEqual(["ape", "cat", "dog"]);
    expect(Array.from(train.dataset.labels!)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect([train, validation, tested].map(({ indices }) => indices.length)).toEqual([10, 1, 1]);
  });

  test("are parts", async () => {
    for (let i = 0; i < 20; i++) await put(`parts/Train/${i % 2 ? "b" : "a"}/${i}.png`, fields(8, 8).png());
    for (let i = 0; i < 3; i++) await put(`parts/test/b/${i}.png`, fields(8, 8).png());
    const { train, validation, test: tested } = await open("parts");
    expect([train, validation, tested].map(({ indices }) => indices.length)).toEqual([18, 2, 3]);
    expect(train.dataset.classNames).toEqual(["a", "b"]);
    expect(Array.from(tested.indices, (i) => train.dataset.labels![i])).toEqual([1, 1, 1]);
  });
});

describe("broken files", () => {
  beforeAll(async () => {
    const whole = await fields(64, 64).jpeg().toBuffer();
    for (let i = 0; i < 10; i++) await put(`broken/whole-${i}.jpg`, whole);
    await put("broken/cut.jpg", whole.subarray(0, whole.length / 2));
    await put("broken/empty.png", new Uint8Array());
    await put("broken/text.png", Buffer.from("hello, not a picture"));
    await put("broken/old.bmp", Buffer.from("BM"));
  });

  test("are named and refused", async () => {
    const opening = open("broken");
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(
      /broken: 4 images of 14 cannot be read, got cut\.jpg \(.+\), empty\.png \(.+\), old\.bmp \(.+\), text\.png \(.+\), expected whole images; --skip-broken leaves them out$/,
    );
    await expect(opening).rejects.not.toThrow(/\n/);
  });

  test("are left out where that is asked for, from the cache too", async () => {
    for (const _ of [1, 2]) {
      const source = await open("broken", { skipBroken: true });
      expect(source.train.dataset.size).toBe(10);
      expect(source.description).toMatch(/4 broken ones left out$/);
    }
  });

  test("all of them, or none at all", async () => {
    await put("worse/a.png", new Uint8Array());
    await expect(open("worse", { skipBroken: true })).rejects.toThrow(
      /an image of 1 cannot be read, got a\.png \(.+\)/,
    );
    await put("bare/readme.md", new Uint8Array(1));
    await expect(open("bare")).rejects.toThrow(/bare: neither MNIST's four files nor images, got 1 other entries/);
  });
});

describe("the cache", () => {
  const cached = async (): Promise<string[]> =>
    (await readdir(join(folder, "cache"))).filter((name) => name.endsWith(".images"));

  test("serves the same files, and makes new pixels of changed ones or another form", async () => {
    for (let i = 0; i < 10; i++) await put(`kept/${i}.png`, fields(8, 8).png());
    const before = await cached();
    const first = await open("kept");
    expect((await cached()).length).toBe(before.length + 1);
    expect((await open("kept")).fingerprint).toBe(first.fingerprint);
    expect((await cached()).length).toBe(before.length + 1);
    await put("kept/3.png", fields(8, 8).negate().png());
    await utimes(join(folder, "kept/3.png"), 1, 1);
    expect((await open("kept")).fingerprint).not.toBe(first.fingerprint);
    await open("kept", { size: 4 });
    expect((await cached()).length).toBe(before.length + 3);
  });

  test("gives the examples of a set too large for memory one by one", async () => {
    for (let i = 0; i < 10; i++) await put(`large/${i}.png`, fields(8 + i, 8).png());
    const held = await openImageFolder(join(folder, "large"), { size: 8 });
    const read = await openImageFolder(join(folder, "large"), { size: 8, mostInMemory: 100 });
    expect(ArrayBuffer.isView(held.train.dataset.values)).toBe(true);
    expect(ArrayBuffer.isView(read.train.dataset.values)).toBe(false);
    expect(images(read)).toEqual(images(held));
  });

  test("keeps the set in use, whatever its size, and lets go of those used before", async () => {
    for (let i = 0; i < 10; i++) {
      await put(`first/${i}.png`, fields(8, 8).png());
      await put(`second/${i}.png`, fields(8, 8).png());
    }
    const limits = { size: 8, mostInMemory: 0, mostCached: 1000 };
    const first = await openImageFolder(join(folder, "first"), limits);
    const kept = await cached();
    expect(kept).toHaveLength(1);
    await openImageFolder(join(folder, "second"), limits);
    expect(await cached()).toHaveLength(1);
    expect(await cached()).not.toEqual(kept);
    const again = await openImageFolder(join(folder, "first"), limits);
    expect(again.fingerprint).toBe(first.fingerprint);
    expect(images(again)).toEqual(images(first));
  });

  test("is not believed where it was changed", async () => {
    for (let i = 0; i < 10; i++) await put(`changed/${i}.png`, fields(8, 8).png());
    const before = await cached();
    const { fingerprint } = await open("changed");
    const name = (await cached()).find((file) => !before.includes(file));
    await writeFile(join(folder, "cache", name!), new Uint8Array(10 * 8 * 8 * 3));
    expect((await open("changed")).fingerprint).toBe(fingerprint);
    await writeFile(join(folder, "cache", `${name!}.json`), "{");
    expect((await open("changed")).fingerprint).toBe(fingerprint);
  });

  test("is done without where it cannot be written", async () => {
    for (let i = 0; i < 10; i++) await put(`held/${i}.png`, fields(8, 8).png());
    const { fingerprint } = await open("held");
    process.env["LATENTKIT_CACHE"] = join(folder, "held/0.png");
    expect((await open("held")).fingerprint).toBe(fingerprint);
    process.env["LATENTKIT_CACHE"] = join(folder, "cache");
  });
});

test("what another kind of source has no use for is refused", async () => {
  await expect(openDataSource("digits:10", { size: 8 })).rejects.toThrow(/^data: digits:10 has no size, got 8/);
  await expect(openDataSource("toy:moons", { skipBroken: true })).rejects.toThrow(/^data: toy:moons has no skipBroken/);
});

/** A gray TIFF of 32-bit floats. */
function floatTiff(width: number, height: number, values: Float32Array): Uint8Array {
  const strip = 8;
  const bytes = 4 * values.length;
  const entries = [
    [256, width],
    [257, height],
    [258, 32],
    [259, 1],
    [262, 1],
    [273, strip],
    [277, 1],
    [278, height],
    [279, bytes],
    [339, 3],
  ] as const;
  const out = new DataView(new ArrayBuffer(strip + bytes + 2 + 12 * entries.length + 4));
  out.setUint32(0, 0x49492a00);
  out.setUint32(4, strip + bytes, true);
  values.forEach((value, i) => out.setFloat32(strip + 4 * i, value, true));
  out.setUint16(strip + bytes, entries.length, true);
  entries.forEach(([tag, value], i) => {
    const at = strip + bytes + 2 + 12 * i;
    out.setUint16(at, tag, true);
    out.setUint16(at + 2, 4, true);
    out.setUint32(at + 4, 1, true);
    out.setUint32(at + 8, value, true);
  });
  return new Uint8Array(out.buffer);
}

describe("the form of images", () => {
  test("a small size that all have is kept, square or not", async () => {
    for (let i = 0; i < 3; i++) await put(`faces/${i}.png`, fields(20, 28).png());
    const faces = await open("faces");
    expect(faces.train.dataset.shape).toEqual([3, 28, 20]);
    expect(images(faces)[0]!.slice(0, 3)).toEqual(Float32Array.of(1, 1, 1));
    expect((await open("faces", { size: 16 })).train.dataset.shape).toEqual([3, 16, 16]);
    await put("faces/3.png", fields(28, 20).png());
    expect((await open("faces")).train.dataset.shape).toEqual([3, 32, 32]);
  });

  test("images are gray where all are, not most of them", async () => {
    const gray = (i: number) =>
      sharp({ create: { width: 6, height: 6, channels: 3, background: { r: i, g: i, b: i } } });
    for (let i = 0; i < 130; i++) await put(`gray/${i}.png`, gray(i).toColourspace("b-w").png());
    expect((await open("gray")).train.dataset.shape).toEqual([1, 6, 6]);
    await put("gray/121.png", fields(6, 6).png());
    expect((await open("gray")).train.dataset.shape).toEqual([3, 6, 6]);
  });

  test("another folder is read in that of a run", async () => {
    const like = { shape: [1, 28, 20], options: {} };
    await put("like/a.png", fields(90, 90).png());
    const { train } = await open("like", { like, whole: true });
    expect(train.dataset.shape).toEqual([1, 28, 20]);
  });

  test("pixels whose black and white are not known are refused by name, not read as black", async () => {
    const values = Float32Array.from({ length: 16 }, (_, i) => i / 16);
    await put("float/good.png", fields(4, 4).png());
    await put("float/real.tiff", floatTiff(4, 4, values));
    await expect(open("float")).rejects.toThrow(
      /an image of 2 cannot be read, got real\.tiff \(pixels of type float, whose black and white are not known: save it with 8 or 16 bits/,
    );
    expect((await open("float", { skipBroken: true, whole: true })).train.dataset.size).toBe(1);
  });
});

describe("whole sources", () => {
  test("have the images in the order of their names, with their paths", async () => {
    for (const name of ["b/1", "a/2", "a/1"]) await put(`named/${name}.png`, fields(8, 8).png());
    const { train, test: tested } = await open("named", { whole: true });
    expect(train.dataset.names).toEqual(["a/1.png", "a/2.png", "b/1.png"]);
    expect([...train.indices]).toEqual([0, 1, 2]);
    expect(tested.indices).toHaveLength(0);
  });

  test("may be one image, which is none to train on", async () => {
    await put("one/x.png", fields(8, 8).png());
    const { train } = await open("one/x.png", { whole: true });
    expect([train.dataset.names, train.dataset.shape]).toEqual([["x.png"], [3, 8, 8]]);
    await expect(open("one/x.png")).rejects.toThrow(/one\/x\.png: a single image, got one file, expected a folder/);
  });
});
