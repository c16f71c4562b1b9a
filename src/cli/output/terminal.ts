/**
 * All text that commands print passes through here, where whatever names, labels and paths bring into it is escaped: none of them
 * drives the terminal. Only Latentkit's own pictures and progress bars do.
 */
import { escaped } from "../../serialization/quoted.ts";

/** Text as it may be printed: its lines are kept, every other control character is escaped. */
export const printable = (text: string): string => text.split("\n").map(escaped).join("\n");

/** Results, on stdout. */
export function print(text: string): void {
  console.log(printable(text));
}

/** What is said beside results, on stderr. */
export function printAside(text: string): void {
  console.error(printable(text));
}

/** A value as one line of JSON, or over several lines with an indent. */
export const jsonText = (value: unknown, indent?: number): string =>
  // JSON leaves DEL and the second set of control characters as they are, which some terminals obey.
  JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

export function printJson(value: unknown, indent?: number): void {
  console.log(jsonText(value, indent));
}

/** A picture of colored characters below its title. */
export function printPicture(title: string, picture: string): void {
  console.log(`\n${printable(title)}\n${picture}`);
}

export function rewriteLine(text: string): void {
  process.stderr.write(rewritten(text));
}

/** What puts text in place of the line that the cursor is on. */
export const rewritten = (text: string): string => `\r${escaped(text)}\u001b[K`;
