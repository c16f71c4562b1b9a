/** A page of this folder, built by Vite and open in Chromium, from a server that lets it use threads. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { chromium, type Page } from "playwright-core";
import { build } from "vite";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Why there is no browser to test in, for the name of a test; empty where there is one. */
export const withoutChromium = existsSync(executablePath) ? "" : " (skipped: no Chromium; name one in CHROMIUM)";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export interface OpenPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Opens a page by the name of its file. */
export async function openPage(name: string): Promise<OpenPage> {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-browser-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: "test/browser",
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "esnext",
      rolldownOptions: { input: `test/browser/${name}` },
    },
  });
  const server = await serve(folder);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`);
  return {
    page,
    async close() {
      await browser.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

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
