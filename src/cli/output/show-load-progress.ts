import type { OnLoadProgress } from "../../data/options.ts";
import type { TextOutput } from "./progress.ts";
import { rewritten } from "./terminal.ts";

/** Nothing is shown for data read within this time. */
const QUIET_MS = 1000;

/** Shows the progress of reading data on a terminal, and removes the line at the end. */
export function loadProgress(
  stderr: TextOutput = process.stderr,
  now = (): number => performance.now(),
): OnLoadProgress {
  if (stderr.isTTY !== true) return () => {};
  let begun: { readonly source: string; readonly at: number } | undefined;
  let shown = "";
  return ({ source, done, total }) => {
    if (begun?.source !== source) begun = { source, at: now() };
    const percent = `${source}  ${Math.floor((100 * done) / total)} % read`;
    const line = done < total && now() - begun.at >= QUIET_MS ? percent : "";
    if (line !== shown) stderr.write(rewritten(line));
    shown = line;
    if (done >= total) begun = undefined;
  };
}
