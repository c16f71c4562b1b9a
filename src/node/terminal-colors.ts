import type { WriteStream } from "node:tty";
import type { TerminalColors } from "../pictures/terminal.ts";

/** What `stream` can show, by Node's reading of COLORTERM, TERM, NO_COLOR and the like; `ascii` where it is no terminal. */
export function terminalColors(stream: Partial<Pick<WriteStream, "isTTY" | "getColorDepth">>): TerminalColors {
  const depth = stream.isTTY === true ? (stream.getColorDepth?.() ?? 1) : 1;
  if (depth >= 24) return "truecolor";
  return depth >= 8 ? "256" : "ascii";
}
