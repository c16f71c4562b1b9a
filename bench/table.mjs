/** @typedef {import("./measure.mjs").Row} Row */

const number = (/** @type {number | undefined} */ value) =>
  value === undefined || Number.isNaN(value) ? "" : value.toPrecision(3).replace(/e\+\d+$/, (exponent) => exponent);

const milliseconds = (/** @type {number | undefined} */ value) =>
  value === undefined ? "" : value >= 1000 ? value.toFixed(0) : number(value);

const ratio = (/** @type {number | undefined} */ value) =>
  value === undefined ? "" : `${value >= 100 ? value.toFixed(0) : value.toFixed(2)}x`;

/**
 * One table in Markdown, so that it can be pasted into documents as it is.
 * @param {readonly Row[]} rows
 */
export function table(rows) {
  const cells = [
    ["workload", "engine", "best ms", "median ms", "/ latentkit", "(median)", "compile ms", "peak MiB", ""],
    ...rows.map((row, i) => [
      row.workload === rows[i - 1]?.workload ? "" : row.workload,
      row.engine,
      row.absent === undefined ? milliseconds(row.msPerStep) : "absent",
      milliseconds(row.medianMsPerStep),
      ratio(row.ratioToLatentkit),
      ratio(row.medianRatio),
      row.compileMs?.toFixed(0) ?? "",
      row.peakMiB?.toFixed(0) ?? "",
      row.absent ?? row.note,
    ]),
  ];
  const last = cells[0].length - 1;
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const isText = (/** @type {number} */ column) => column < 2 || column === last;
  const line = (/** @type {string[]} */ values) =>
    `| ${values.map((value, i) => (i === last ? value : isText(i) ? value.padEnd(widths[i]) : value.padStart(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (isText(i) ? "-".repeat(Math.min(width, 20)) : `${"-".repeat(width - 1)}:`));
  return [line(cells[0]), line(rule), ...cells.slice(1).map(line)].join("\n");
}
