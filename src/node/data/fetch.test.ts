import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { fetchDataset, fetchedFolder, publishedDatasets, type PublishedDataset } from "./fetch.ts";
import { openDataSource } from "./source.ts";

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 0xff));
const sha256 = createHash("sha256").update(content).digest("hex");
const small: PublishedDataset = {
  name: "small",
  description: "",
  mirrors: [],
  files: [
    { name: "a.bin", bytes: content.length, digest: { algorithm: "sha256", hex: sha256 } },
    {
      name: "b.bin",
      bytes: 4,
      digest: { algorithm: "sha256", hex: createHash("sha256").update("abcd").digest("hex") },
    },
  ],
};

let cache = "";
let server: Server;
let url = "";
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[] = [];
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "latentkit-fetch-"));
  process.env["LATENTKIT_CACHE"] = cache;
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? "whole"}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
});
beforeEach(() => {
  asked = [];
  answer = serve;
});
afterEach(() => rm(fetchedFolder("small"), { recursive: true, force: true }));
afterAll(async () => {
  delete process.env["LATENTKIT_CACHE"];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(cache, { recursive: true });
});

/** Serves the files, whole or from where they are asked for. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const bytes = request.url!.endsWith("/a.bin") ? content : Buffer.from("abcd");
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (from > 0) response.writeHead(206, { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
  response.end(bytes.subarray(from));
}

const path = (name: string): string => join(fetchedFolder("small"), name);

test("files are fetched once, checked, and fetched again where they have changed", async () => {
  const seen: number[] = [];
  const folder = await fetchDataset(small, { from: url, onProgress: (_, bytes) => seen.push(bytes) });
  expect(folder).toBe(join(cache, "datasets", "small"));
  expect((await readFile(path("a.bin"))).equals(content)).toBe(true);
  expect(asked).toEqual(["/files/a.bin whole", "/files/b.bin whole"]);
  expect(seen.slice(-2)).toEqual([content.length, 4]);
  await fetchDataset(small, { from: url });
  expect(asked).toHaveLength(2);
  await writeFile(path("b.bin"), "abcX");
  await fetchDataset(small, { from: `${url}/` });
  expect(asked.slice(2)).toEqual(["/files/b.bin whole"]);
});

describe("a connection that breaks", () => {
  beforeEach(async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000), () => response.destroy());
    };
    await expect(fetchDataset(small, { from: url })).rejects.toThrow(
      /^small: a\.bin cannot be fetched, got .+ from http:\S+\/files\/a\.bin, expected 300000 bytes of SHA-256 .{12}\.\.\.; try again/,
    );
    expect(existsSync(path("a.bin"))).toBe(false);
    asked = [];
  });

  test("is taken up where it broke", async () => {
    const { length } = await readFile(path("a.bin.partial"));
    expect(length).toBe(100_000);
    answer = serve;
    await fetchDataset(small, { from: url });
    expect(asked[0]).toBe(`/files/a.bin bytes=${length}-`);
    expect((await readFile(path("a.bin"))).equals(content)).toBe(true);
    expect(existsSync(path("a.bin.partial"))).toBe(false);
  });

  test("begins anew where the server knows no ranges", async () => {
    answer = (request, response) => response.end(request.url!.endsWith("/a.bin") ? content : "abcd");
    await fetchDataset(small, { from: url });
    expect((await readFile(path("a.bin"))).equals(content)).toBe(true);
  });

  test("begins anew where what was there is not part of the file", async () => {
    await writeFile(path("a.bin.partial"), Buffer.alloc(50_000, 1));
    answer = serve;
    await expect(fetchDataset(small, { from: url })).rejects.toThrow(/got another SHA-256 from/);
    await fetchDataset(small, { from: url });
    expect((await readFile(path("a.bin"))).equals(content)).toBe(true);
  });
});

test("another mirror serves where one does not", async () => {
  answer = (request, response) => {
    if (request.url!.startsWith("/files/")) serve(request, response);
    else response.writeHead(404).end();
  };
  await fetchDataset({ ...small, mirrors: [url.replace("/files", "/gone/"), `${url}/`] });
  expect(asked.slice(0, 2)).toEqual(["/gone/a.bin whole", "/files/a.bin whole"]);
});

describe("refused, with nothing left in place", () => {
  test.each([
    ["what is not there", (_, response) => response.writeHead(404).end("no"), /got HTTP 404 from/],
    ["another file", (_, response) => response.end(Buffer.alloc(content.length)), /got another SHA-256 from/],
    [
      "more than there should be",
      (_, response) => response.end(Buffer.alloc(content.length + 1)),
      /got more than 300000 bytes from/,
    ],
    ["a page in its place", (_, response) => response.end("<html>"), /got the connection cut after 6 bytes from/],
    ["silence", () => {}, /got nothing for 0\.2 seconds from/],
    [
      "a file that drips",
      (_, response) => {
        const drip = setInterval(() => response.write("x"), 10);
        response.on("close", () => clearInterval(drip));
      },
      /got only \d+ bytes in 0\.2 seconds from/,
    ],
  ] as readonly [string, typeof answer, RegExp][])("%s", async (_, how, message) => {
    answer = how;
    const fetching = fetchDataset(small, { from: url, patienceMs: 200 });
    await expect(fetching).rejects.toThrow(DataError);
    await expect(fetching).rejects.toThrow(message);
    expect(existsSync(path("a.bin"))).toBe(false);
  });

  test("nobody there", async () => {
    await expect(fetchDataset(small, { from: "http://127.0.0.1:1/" })).rejects.toThrow(
      /cannot be fetched, got fetch failed/,
    );
  });
});

const mnist = "../shared/data/mnist";
test.skipIf(!existsSync(mnist))(
  "MNIST's files are those published (skipped where ../shared/data is absent)",
  async () => {
    await expect(openDataSource("mnist")).rejects.toThrow(
      /^mnist: not fetched yet, got no files in .*; latentkit data fetch mnist$/,
    );
    answer = (request, response) =>
      void readFile(join(mnist, request.url!.split("/").at(-1)!)).then((bytes) => response.end(bytes));
    await fetchDataset(publishedDatasets["mnist"]!, { from: url });
    const { name, train, test: tested } = await openDataSource("mnist");
    expect([name, train.indices.length, tested.indices.length]).toEqual(["mnist", 54_000, 10_000]);
  },
);
