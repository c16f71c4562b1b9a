/**
 * A process that reads one case after the other: FUZZERS NAME SEED FIRST END FOLDER. Which case it is at stands in the file `case` of
 * the folder, for the parent that ends it where it hangs; what is wrong with a case is a message to the parent.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { caseFile, type Fuzzer, outcomeOf } from "./fuzzer.ts";

/** Bytes that a process may have had at its peak. */
const mostBytes = 2 ** 30;

export interface Problem {
  readonly index: number;
  readonly problem: string;
}

const [module = "", name = "", seed = "", first = "", end = "", folder = ""] = process.argv.slice(2);
const { fuzzers } = (await import(pathToFileURL(module).href)) as { readonly fuzzers: readonly Fuzzer[] };
const fuzzer = fuzzers.find((each) => each.name === name)!;
const seeds = await fuzzer.seeds();
const read = await fuzzer.reader(folder);

let index = Number(first);
const place = openSync(join(folder, "case"), "w");
/** The case, and how many of those before were read, not refused. */
const status = new Float64Array(2);
const writeStatus = (): void => void writeSync(place, status, 0, status.byteLength, 0);

/** Tells the parent, and resolves once it has been told. */
const tell = (problem: string): Promise<void> =>
  new Promise((resolve) => void process.send!({ index, problem } satisfies Problem, () => resolve()));

for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error: unknown) => {
    void tell(`${event}: ${error instanceof Error ? error.stack : String(error)}`).then(() => process.exit(1));
  });

for (; index < Number(end); index++) {
  status[0] = index;
  writeStatus();
  const outcome = await outcomeOf(read, caseFile(name, seeds, Number(seed), index));
  if (outcome === "read") status[1]! += 1;
  else if (outcome !== "refused") await tell(outcome.problem);
  const peak = process.resourceUsage().maxRSS * 1024;
  if (peak > mostBytes) {
    await tell(`memory: ${Math.round(peak / 2 ** 20)} MiB at the peak`);
    // A peak stays: the next case needs a process of its own.
    process.exit(1);
  }
}
status[0] = index;
writeStatus();
process.disconnect();
