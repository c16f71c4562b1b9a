import type { OnLoadProgress } from "../../data/options.ts";
import type { TextOutput } from "./progress.ts";

/** What is read within this time is not worth a word. */
const QUIET_MS = 1000;

/** Shows on a terminal how far data that take a while have been read, and takes the line away when all of them are. */
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
    if (line !== shown) stderr.write(`\r${line}\u001b[K`);
    shown = line;
    if (done >= total) begun = undefined;
  };
}
