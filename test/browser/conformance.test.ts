import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyCase, type Outcome } from "../conformance/run.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const skipped = existsSync(executablePath) ? "" : " (skipped: no Chromium; name one in CHROMIUM)";
const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder with the headers that let a page use threads. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    void readFile(join(folder, path)).then(
      (body) =>
        response
          .writeHead(200, {
            "Content-Type": contentTypes[extname(path)] ?? "application/octet-stream",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
          })
          .end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  return server;
}

describe.skipIf(skipped !== "")(`in Chromium${skipped}`, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "latentkit-browser-"));
    await build({
      configFile: false,
      logLevel: "error",
      root: "test/browser",
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: "esnext",
        rolldownOptions: { input: "test/browser/page.html" },
      },
    });
    server = await serve(folder);
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page.html`);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the page has threads and a WebGPU adapter, so that nothing below falls back unseen", async () => {
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    expect(await page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter !== null)")).toBe(true);
  });

  describe.each(["wasm", "webgpu"])("%s agrees with the reference", (device) => {
    let outcomes: ReadonlyMap<string, Outcome>;
    beforeAll(async () => {
      outcomes = new Map(await page.evaluate<[string, Outcome][]>(`conformance("${device}")`));
    }, 600_000);
    test.each(everyCase(0).map((b) => b.id))("%s", (id) => expect(outcomes.get(id)).toBeNull());
  });
});
