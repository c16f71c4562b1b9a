import { expect, test } from "vitest";
import { reportHtml } from "./report-html.ts";

const hostile = `"><img src=x onerror=alert(1)><script>`;

test("whatever a run's files say is text, and nothing is fetched or run", () => {
  const html = reportHtml({
    title: hostile,
    summary: hostile,
    card: [[hostile, [[hostile, hostile]]]],
    results: [
      [hostile, hostile],
      [hostile, hostile],
    ],
    findings: [{ finding: "over-fitting", evidence: hostile, remedy: hostile }],
    charts: ["<svg></svg>"],
    maps: [],
    pictures: [{ title: hostile, bytes: Uint8Array.of(1, 2, 3) }],
    notes: [hostile],
  });
  expect(html).not.toMatch(/<script|onerror=alert\(1\)>/);
  expect(html.match(/<img [^>]*>/g)).toEqual([
    '<img alt="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;" src="data:image/png;base64,AQID">',
  ]);
  expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
});

test("sections without content have no heading", () => {
  const none = { card: [], results: [], findings: [], charts: [], maps: [], pictures: [], notes: [] };
  const html = reportHtml({ title: "t", summary: "s", ...none });
  expect([...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) => heading)).toEqual(["Model card"]);
});
