/** report.html: one file without scripts, that reads nothing from elsewhere and escapes whatever it shows. */
import { escapeMarkup as text } from "../../pictures/markup.ts";
import type { Finding } from "../../training/doctor/finding.ts";

export interface ReportPicture {
  readonly title: string;
  /** A file's bytes. */
  readonly bytes: Uint8Array;
  readonly type?: "png" | "gif";
}

export interface Report {
  readonly title: string;
  /** What the model is, in a sentence. */
  readonly summary: string;
  /** Names and values of the model card, under headings. */
  readonly card: readonly (readonly [heading: string, rows: readonly (readonly [name: string, value: string])[]])[];
  /** First row and first column are names. */
  readonly results: readonly (readonly string[])[];
  readonly findings: readonly Finding[];
  /** SVG elements of the program's own making. */
  readonly charts: readonly string[];
  readonly maps: readonly string[];
  readonly pictures: readonly ReportPicture[];
  /** What could not be shown, and why. */
  readonly notes: readonly string[];
}

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 0.95rem; margin: 1rem 0 0.3rem; }
table { border-collapse: collapse; }
td, th { padding: 0.15rem 0.9rem 0.15rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
.results td, .results th { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.results th:first-child { text-align: left; }
.card { columns: 2 26rem; }
.card div { break-inside: avoid; }
.finding { border-left: 4px solid #f58518; background: var(--soft); padding: 0.4rem 0.9rem; margin: 0.6rem 0; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
body:has(.grid) { max-width: 90rem; }
.grid { overflow-x: auto; }
.grid td { padding: 0.3rem; }
.grid img { max-width: 15rem; }
svg { max-width: 100%; height: auto; }
img { max-width: min(100%, 42rem); image-rendering: pixelated; border: 1px solid var(--line); }
result { margin: 1rem 0; }
`;

/** The whole file. */
export function reportHtml(report: Report): string {
  const section = (heading: string, content: string): string => (content ? `<h2>${heading}</h2>\n${content}\n` : "");
  const rows = (entries: readonly (readonly [string, string])[]): string =>
    entries.map(([name, value]) => `<tr><th>${text(name)}</th><td>${text(value)}</td></tr>`).join("\n");
  const card = report.card
    .map(([heading, entries]) => `<div><h3>${text(heading)}</h3><table>${rows(entries)}</table></div>`)
    .join("\n");
  const findings = report.findings
    .map(
      ({ finding, evidence, remedy }) =>
        `<div class="finding"><strong>${text(finding)}</strong><br>${text(evidence)}<br>${text(remedy)}</div>`,
    )
    .join("\n");
  const pictures = report.pictures
    .map((picture) => `<result><figcaption>${text(picture.title)}</figcaption>${pictureHtml(picture)}</result>`)
    .join("\n");
  return pageHtml(
    report.title,
    `<p>${text(report.summary)}</p>
${section("Findings", findings)}${section("Metrics", metricsHtml(report.results))}${section("Curves", report.charts.length > 0 ? `<div class="charts">${report.charts.join("\n")}</div>` : "")}${section("Pictures", pictures)}${section("Codes", report.maps.join("\n"))}${section("Model card", `<div class="card">${card}</div>`)}${section("Left out", report.notes.map((note) => `<p>${text(note)}</p>`).join("\n"))}`,
  );
}

/** A table of metrics whose first row and first column are names; nothing for none. */
export function metricsHtml([names, ...results]: Report["results"]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? `<th>${text(cell)}</th>` : `<${tag}>${text(cell)}</${tag}>`)).join("");
  const rows = results.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n");
  return names ? `<table class="results"><tr>${cells("th", names)}</tr>\n${rows}</table>` : "";
}

export const pictureHtml = ({ title, bytes, type = "png" }: ReportPicture): string =>
  `<img alt="${text(title)}" src="data:image/${type};base64,${Buffer.from(bytes).toString("base64")}">`;

/** A whole file. */
export const pageHtml = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${text(title)}</h1>
${body}</body>
</html>
`;
