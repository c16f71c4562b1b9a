/**
 * Images and charts: grids of examples, PNG and GIF, SVG charts, pictures in a terminal.
 *
 * @module latentkit/pictures
 */
export { barChart, type BarChartOptions } from "./bar-chart.ts";
export { encodeGif } from "./gif.ts";
export { lineChart, type LineChartOptions, type Series } from "./line-chart.ts";
export { encodePng } from "./png.ts";
export { alignedGrid, grid, type GridOptions, type Raster } from "./raster.ts";
export { scatterChart, type ScatterChartOptions } from "./scatter-chart.ts";
export { scatter, type ScatterOptions } from "./scatter.ts";
export { terminalPicture, type TerminalPictureOptions } from "./terminal.ts";
