import { type Sheet, sheetCorner, sheetRaster } from "../pictures/sheet.ts";
import { terminalPicture } from "../pictures/terminal.ts";
import { terminalColors } from "../node/terminal-colors.ts";

/** Characters a picture gets across; two thirds of that is where a digit is still read. */
const charactersAcross = 15;

/** Prints the top left of a sheet on a terminal, as much as is legible; nothing into a pipe. */
export function showSheet(title: string, sheet: Sheet, rows = 2): void {
  const { stdout } = process;
  if (!stdout.isTTY) return;
  const columns = Math.min(stdout.columns || 80, 160);
  const corner = sheetCorner(sheet, Math.max(1, Math.floor(columns / charactersAcross)), rows);
  const raster = sheetRaster({ ...corner, pad: sheet.pad === 0 ? 0 : 1 }, 1);
  const width = Math.min(columns, corner.columns * charactersAcross);
  console.log(`\n${title}\n${terminalPicture(raster, { columns: width, colors: terminalColors(stdout) })}`);
}
