import { printable } from "./terminal.ts";

/** Rows of text in columns, two spaces apart. A cell of several lines continues below itself. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell).split("\n")));
  const widths: number[] = [];
  for (const row of cells)
    row.forEach((lines, column) => {
      widths[column] = Math.max(widths[column] ?? 0, ...lines.map((line) => line.length));
    });
  return cells
    .flatMap((row) =>
      Array.from({ length: Math.max(...row.map((lines) => lines.length)) }, (_, i) =>
        row
          .map((lines, column) => (lines[i] ?? "").padEnd(widths[column]!))
          .join("  ")
          .trimEnd(),
      ),
    )
    .join("\n");
}

/** Rows as a table of Markdown, the first its heading. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.trim().replaceAll("|", "\\|").replaceAll("\n", "<br>")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
