/** What a fuzzer is, and one case of it. */
import { LatentkitError } from "../../../src/errors.ts";
import { stream, type Stream } from "../../../src/random/streams.ts";
import { mutated } from "./mutations.ts";

/** A whole file, of which cases are damaged copies. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Changes bytes in a way that keeps their form, such as values of JSON. Half of the cases are changed so. */
  readonly change?: (random: Stream, bytes: Uint8Array) => Uint8Array;
  /** Makes the file of the bytes: compression and checksums, which would hide from a reader what is damaged within. */
  readonly pack?: (bytes: Uint8Array) => Uint8Array;
}

/** Reads a file by its name and bytes: resolves, or rejects with a LatentkitError of one line. */
export type Read = (file: { readonly name: string; readonly bytes: Uint8Array }) => Promise<unknown>;

export interface Fuzzer {
  readonly name: string;
  readonly seeds: () => Promise<readonly Seed[]> | readonly Seed[];
  /** Prepares to read in a folder of its own. */
  readonly reader: (folder: string) => Promise<Read> | Read;
}

/** The file of a case, a function of fuzzer, seed and index alone. */
export function caseFile(name: string, seeds: readonly Seed[], seed: number, index: number): Parameters<Read>[0] {
  const random = stream(seed, "fuzz", name, index);
  const { name: file, bytes, change, pack } = seeds[random.int(seeds.length)]!;
  const others = seeds.map((other) => other.bytes);
  // One case in four of those that are packed is damaged outside.
  const inside = pack === undefined || random.int(4) > 0;
  const damaged = change && random.int(2) === 0 ? change : (_: Stream, of: Uint8Array) => mutated(random, of, others);
  return { name: file, bytes: inside ? (pack ?? same)(damaged(random, bytes)) : mutated(random, pack(bytes), others) };
}

const same = (bytes: Uint8Array): Uint8Array => bytes;

/** Whether a file was read, refused in one line, or neither. */
export type CaseOutcome = "read" | "refused" | { readonly problem: string };

export async function outcomeOf(read: Read, file: Parameters<Read>[0]): Promise<CaseOutcome> {
  try {
    await read(file);
    return "read";
  } catch (error) {
    const problem = refusalProblem(error);
    return problem === undefined ? "refused" : { problem };
  }
}

/** What is wrong with an error that refuses a file. */
function refusalProblem(error: unknown): string | undefined {
  if (!(error instanceof LatentkitError))
    return `not a LatentkitError: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  if (/\p{Cc}/u.test(error.message)) return `not one line of text: ${JSON.stringify(error.message)}`;
  return undefined;
}
