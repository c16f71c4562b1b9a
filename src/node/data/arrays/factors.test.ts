import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zip } from "../../../../test/zip-file.ts";
import { DataError } from "../../../errors.ts";
import { fetchDataset, publishedDatasets } from "../fetch.ts";
import { openDataSource } from "../source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-factors-"));
  process.env["LATENTKIT_CACHE"] = join(folder, "cache");
});
afterAll(async () => {
  delete process.env["LATENTKIT_CACHE"];
  await rm(folder, { recursive: true });
});

/** An array file of version 1.0 as NumPy writes it. */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }\n`;
  const length = Uint8Array.of(head.length & 255, head.length >> 8);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(head), data]);
}

// The layout of dSprites: color, shape, scale, orientation, x, y; images of 5 x 7 pixels, no whole number of bytes.
const sizes = [1, 3, 2, 2, 2, 4];
const count = 96;
const [height, width] = [5, 7];
const classes = Array.from({ length: count }, (_, i) =>
  sizes.map((size, k) => Math.floor(i / sizes.slice(k + 1).reduce((product, each) => product * each, 1)) % size),
);
const images = Uint8Array.from({ length: count * height * width }, (_, i) => ((i * i) >> 3) & 1);

function archive({ pixels = images, rows = classes } = {}): Uint8Array {
  const latents = new BigInt64Array(rows.flat().map(BigInt));
  return npzOf({
    "metadata.npy": npy("|O", [], Uint8Array.of(0x80, 0x02, 0x2e)),
    "imgs.npy": npy("|u1", [pixels.length / (height * width), height, width], pixels),
    "latents_classes.npy": npy("<i8", [rows.length, 6], new Uint8Array(latents.buffer)),
    "latents_values.npy": npy("<f8", [rows.length, 6], new Uint8Array(new Float64Array(6 * rows.length).buffer)),
  });
}

function npzOf(arrays: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return zip(Object.entries(arrays).map(([name, bytes]) => ({ name, bytes, deflate: true })));
}

describe("an archive laid out as dSprites", () => {
  test("is fetched, checked and opened: images, factors and shapes are those of the file", async () => {
    const content = archive();
    const [file] = publishedDatasets["dsprites"]!.files;
    const hex = createHash("md5").update(content).digest("hex");
    const server = createServer((_, response) => response.end(content));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(fetchDataset(publishedDatasets["dsprites"]!, { from })).rejects.toThrow(
      /^dsprites: dsprites_\S+\.npz cannot be fetched, got another MD5 from .*, expected a file of MD5 7da33b31b13a\.\.\.;/,
    );
    await expect(openDataSource("dsprites")).rejects.toThrow(/^dsprites: not fetched yet/);
    const small = {
      ...publishedDatasets["dsprites"]!,
      files: [{ ...file!, digest: { algorithm: "md5", hex } }],
    } as const;
    await fetchDataset(small, { from });
    server.close();
    const { name, train, validation, test: tested } = await openDataSource("dsprites");
    expect([name, train.indices.length, validation.indices.length, tested.indices.length]).toEqual([
      "dsprites",
      76,
      10,
      10,
    ]);
    const { values, factors, labels, classNames, shape } = train.dataset;
    expect(shape).toEqual([1, height, width]);
    expect(factors!.names).toEqual(["shape", "scale", "orientation", "x", "y"]);
    expect(classNames).toEqual(["square", "ellipse", "heart"]);
    if (ArrayBuffer.isView(values) || !("read" in values)) throw new Error("images in memory");
    const image = new Uint8Array(height * width);
    for (let i = 0; i < count; i++) {
      values.read(i, image);
      expect(image).toEqual(images.subarray(i * height * width, (i + 1) * height * width));
      expect(factors!.of(i)).toEqual(classes[i]!.slice(1));
      expect(factors!.exampleWith(classes[i]!.slice(1))).toBe(i);
      expect(labels![i]).toBe(classes[i]![1]);
    }
  });

  test("is unpacked once", async () => {
    const path = join(folder, "again.npz");
    await writeFile(path, archive());
    const first = await openDataSource(path);
    const kept = await readdir(join(folder, "cache"));
    expect((await openDataSource(path)).fingerprint).toBe(first.fingerprint);
    expect(await readdir(join(folder, "cache"))).toEqual(kept);
    expect(kept.filter((name) => name.endsWith(".images")).length).toBeGreaterThan(0);
  });

  test.each([
    ["pixels of many shades", { pixels: images.with(40, 2) }, /a pixel is neither 0 nor 1, got 2/],
    [
      "fewer images than factors",
      { pixels: images.slice(0, 35) },
      /images and factors do not fit, got shape \(1, 5, 7\)/,
    ],
    [
      "factors in another order",
      { rows: classes.toReversed() },
      /not a grid in order, got 0, 2, 1, 1, 1, 3 in row 0 of 96/,
    ],
    [
      "a combination missing",
      { rows: classes.slice(1) },
      /not a grid in order, got .* in row 0 of 95, expected .* 1 x 3 x 2/,
    ],
  ] as const)("is refused with %s", async (_, parts, message) => {
    await writeFile(join(folder, "wrong.npz"), archive(parts));
    const opening = openDataSource(join(folder, "wrong.npz"));
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(message);
  });
});
