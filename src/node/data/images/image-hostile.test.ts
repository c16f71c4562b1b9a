import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { interlacedPng } from "../../../../test/png-bomb.ts";
import { openDataSource } from "../source.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-hostile-images-"));
beforeAll(() => {
  process.env["LATENTKIT_CACHE"] = join(folder, "cache");
});
afterAll(() => {
  delete process.env["LATENTKIT_CACHE"];
  rmSync(folder, { recursive: true });
});

/** What is said of files that are not read, beside one that is. */
async function reasons(name: string, put: (inside: string) => void | Promise<void>): Promise<string> {
  const inside = join(folder, name);
  mkdirSync(inside);
  for (const whole of ["y.png", "z.png"])
    writeFileSync(
      join(inside, whole),
      await sharp({ create: { width: 4, height: 4, channels: 3, background: whole === "y.png" ? "red" : "blue" } })
        .png()
        .toBuffer(),
    );
  await put(inside);
  const refused = await openDataSource(inside).then(
    () => "read",
    (error: Error) => error.message,
  );
  const { train } = await openDataSource(inside, { skipBroken: true, whole: true });
  expect(train.dataset.size).toBe(2);
  return refused.replace(/^.* cannot be read, got /, "").replace(/, expected whole images.*$/, "");
}

test.skipIf(process.platform === "win32")(
  "pipes, sockets, devices and folders are named, and never opened",
  async () => {
    const server = createServer();
    const found = await reasons("special", async (inside) => {
      execFileSync("mkfifo", [join(inside, "a.png")]);
      server.listen(join(inside, "b.jpg"));
      await once(server, "listening");
      symlinkSync("/dev/zero", join(inside, "c.gif"));
      symlinkSync(inside, join(inside, "d.webp"));
      symlinkSync("a.png", join(inside, "e.tif"));
    }).finally(() => server.close());
    expect(found).toBe(
      "a.png (a named pipe), b.jpg (a socket), c.gif (a device), d.webp (a folder), e.tif (a named pipe)",
    );
  },
);

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="red"/></svg>';

test("SVG is refused under any name", async () => {
  const found = await reasons("drawn", (inside) => {
    const forms = [svg, `<?xml version="1.0"?>\n${svg}`, `\ufeff${svg}`, `<!-- -->${svg}`];
    forms.forEach((form, i) => writeFileSync(join(inside, `${i}.png`), form));
    writeFileSync(join(inside, "w.jpg"), Buffer.from(svg, "utf16le"));
  });
  const reason = "none of JPEG, PNG, WebP, GIF, TIFF and AVIF";
  expect(found).toBe(["0.png", "1.png", "2.png", "3.png", "w.jpg"].map((name) => `${name} (${reason})`).join(", "));
});

/** A GIF of a size, without pixels. */
function gif(side: number): Uint8Array {
  const bytes = Buffer.from("GIF89a......\0\0,........\0\x02\x02\x4c\x01\0;".replaceAll(".", "\0"), "latin1");
  for (const at of [6, 8, 18, 20]) bytes.writeUInt16LE(side, at);
  return bytes;
}

/** A TIFF of a size whose only strip is two bytes. */
function tiff(side: number): Uint8Array {
  const entries = [
    [256, 4, side],
    [257, 4, side],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, side],
    [279, 4, 2],
  ] as const;
  const bytes = Buffer.alloc(10 + 2 + 12 * entries.length + 4);
  bytes.write("II*\0", "latin1");
  bytes.writeUInt32LE(10, 4);
  bytes.writeUInt16LE(entries.length, 10);
  entries.forEach(([tag, type, value], i) => {
    bytes.writeUInt16LE(tag, 12 + 12 * i);
    bytes.writeUInt16LE(type, 14 + 12 * i);
    bytes.writeUInt32LE(1, 16 + 12 * i);
    bytes.writeUInt32LE(value, 20 + 12 * i);
  });
  return bytes;
}

test("images that unpack to more than memory for them are refused by their headers", async () => {
  const before = process.resourceUsage().maxRSS;
  const found = await reasons("bombs", async (inside) => {
    writeFileSync(join(inside, "a.png"), await interlacedPng(16_000, { depth: 16, alpha: true, whole: false }));
    writeFileSync(join(inside, "b.png"), await interlacedPng(60_000, { whole: false }));
    writeFileSync(join(inside, "c.gif"), gif(65_535));
    writeFileSync(join(inside, "d.tif"), tiff(2_000_000));
  });
  expect(found.split(/, (?=[a-d]\.)/)).toEqual([
    "a.png (16000 x 16000 pixels of 2048000000 bytes, more than 1073741824)",
    expect.stringContaining("b.png (Input image exceeds pixel limit"),
    expect.stringMatching(/^c\.gif \(.*\)$/),
    expect.stringMatching(/^d\.tif \(.*\)$/),
  ]);
  // Kilobytes: far less than any of them would unpack to.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(200_000);
});
