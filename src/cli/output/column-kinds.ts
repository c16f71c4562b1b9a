import { scalingOf } from "../../data/tables/numbers/number-scaling.ts";
import type { Column, NumberColumn } from "../../data/tables/column.ts";
import { valueText } from "../../data/tables/row-text.ts";
import { table } from "./table.ts";

/** Most categories of a column that are listed. */
const shownCategories = 6;

/** What each column of a table holds, and how a model sees it. */
export function columnKinds(columns: readonly Column[]): string {
  const rows = columns.map((column) => {
    if (column.kind === "number") {
      const kind = column.date === undefined ? "numbers" : "dates";
      return [column.name, kind, scalingOf(column) === "quantile" ? "quantiles" : "standardized", numberValues(column)];
    }
    const { values } = column;
    const rest = values.length > shownCategories ? `, and ${values.length - shownCategories} more` : "";
    const shown = `${values.length}: ${values.slice(0, shownCategories).join(", ")}${rest}`;
    return [column.name, "categories", "one-hot", shown];
  });
  return table([["column", "kind", "scaling", "values"], ...rows]);
}

function numberValues(column: NumberColumn): string {
  const { mean, std, min, max, date } = column;
  const range = `from ${valueText(column, min)} to ${valueText(column, max)}`;
  if (date !== undefined) return `${range}, written ${date}`;
  return `mean ${mean.toPrecision(4)}, std ${std.toPrecision(4)}, ${range}`;
}
