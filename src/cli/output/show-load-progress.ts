import { onReading } from "../../node/data/load-progress.ts";
import type { TextOutput } from "./progress.ts";

/** What is read within this time is not worth a word. */
const QUIET_MS = 1000;

/** Shows on a terminal how far data that takes a while has been read, and takes the line away when all of it is. */
export function showReading(stderr: TextOutput = process.stderr, now = (): number => performance.now()): void {
  if (stderr.isTTY !== true) return;
  let begun: { readonly what: string; readonly at: number } | undefined;
  let shown = "";
  onReading(({ what, done, total }) => {
    if (begun?.what !== what) begun = { what, at: now() };
    const share = `${what}  ${Math.floor((100 * done) / total)} % read`;
    const line = done < total && now() - begun.at >= QUIET_MS ? share : "";
    if (line !== shown) stderr.write(`\r${line}\u001b[K`);
    shown = line;
    if (done >= total) begun = undefined;
  });
}
