import { gridRaster, kindOf } from "../../kinds/registry.ts";
import { type ImageGrid, smallerImageGrid } from "../../pictures/image-grid.ts";
import { terminalPicture } from "../../pictures/terminal.ts";
import { terminalColors } from "../../node/terminal-colors.ts";
import { printPicture } from "./terminal.ts";

/** Characters a picture gets across: about the fewest at which a digit is still read. */
const charactersAcross = 11;

/** Prints as much of an image grid on a terminal as is legible; nothing into a pipe. */
export function showImageGrid(title: string, grid: ImageGrid, rows = 2): void {
  const { stdout } = process;
  if (!stdout.isTTY) return;
  const columns = Math.min(stdout.columns || 80, 160);
  const plotted = kindOf(grid.kind).picture?.form === "plot";
  const across = Math.max(1, Math.floor(columns / charactersAcross));
  const shown = plotted ? grid : smallerImageGrid(grid, across, rows);
  const raster = gridRaster(shown, { scale: 1, pad: 1 });
  const width = Math.min(columns, shown.columns * charactersAcross);
  printPicture(title, terminalPicture(raster, { columns: width, colors: terminalColors(stdout) }));
}
