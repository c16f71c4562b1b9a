import { inspect } from "node:util";
import { CommanderError } from "commander";
import { LatentkitError } from "../../errors.ts";
import { oneLine } from "../../printable.ts";
import { printAside } from "./terminal.ts";

/**
 * Prints an error on stderr and returns the exit code: one line and 2 for what the user can fix, the stack and 1 for a bug,
 * nothing and 0 where commander ends after printing help.
 */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    printAside(`latentkit: ${oneLine(usageProblem(error))}`);
    return 2;
  }
  if (error instanceof LatentkitError) {
    printAside(`latentkit: ${error.message}`);
    return 2;
  }
  printAside(inspect(error));
  return 1;
}

/** `error: unknown option '--foo'\n(Did you mean --fo?)` in the house form. */
function usageProblem({ code, message }: CommanderError): string {
  const [problem = "", hint = ""] = message.replace(/^error: /, "").split("\n");
  const [, nearest] = /\(Did you mean (?:one of )?(.*?)\?\)/.exec(hint) ?? [];
  const suggestion = nearest ? `; did you mean ${nearest}?` : "";
  const [, name = ""] = /'(.*)'/.exec(problem) ?? [];
  switch (code) {
    case "commander.unknownOption":
      return `options: unknown option, got ${name}, expected one that --help lists${suggestion}`;
    case "commander.unknownCommand":
      return `command: unknown command, got ${name}, expected one that --help lists${suggestion}`;
    case "commander.help":
      return "command: it is missing, got none, expected one that --help lists";
    case "commander.missingArgument":
      return `arguments: one is missing, got no ${name}, expected it; see --help`;
    case "commander.excessArguments": {
      const [, expected = "", given = ""] = /Expected (\d+) arguments? but got (\d+)/.exec(problem) ?? [];
      return `arguments: too many, got ${given}, expected ${expected}; see --help`;
    }
    case "commander.optionMissingArgument":
      return `options: a value is missing, got none for ${name}, expected one`;
    default:
      return `arguments: ${problem}, expected what --help lists${suggestion}`;
  }
}
