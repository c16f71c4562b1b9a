import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyCase, type Outcome } from "../conformance/run.ts";
import { type OpenPage, openPage, withoutChromium } from "./open-page.ts";

describe.skipIf(withoutChromium !== "")(`in Chromium${withoutChromium}`, () => {
  let opened: OpenPage;
  beforeAll(async () => {
    opened = await openPage("conformance.html");
  }, 300_000);
  afterAll(() => opened?.close());

  test("the page has threads and a WebGPU adapter, so that nothing below falls back unseen", async () => {
    const { page } = opened;
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    expect(await page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter !== null)")).toBe(true);
  });

  describe.each(["wasm", "webgpu"])("%s agrees with the reference", (device) => {
    let outcomes: ReadonlyMap<string, Outcome>;
    beforeAll(async () => {
      outcomes = new Map(await opened.page.evaluate<[string, Outcome][]>(`conformance("${device}")`));
    }, 600_000);
    test.each(everyCase(0).map((b) => b.id))("%s", (id) => expect(outcomes.get(id)).toBeNull());
  });
});
