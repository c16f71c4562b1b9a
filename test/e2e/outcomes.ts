import { expect } from "vitest";
import type { Finished } from "./install.ts";

/** What a command printed that must succeed, and say nothing beside. */
export function outputOf({ code, stdout, stderr }: Finished): string {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** The one line of a command that must refuse, without the program's name. */
export function refusalOf({ code, stdout, stderr }: Finished): string {
  expect(stderr).toMatch(/^latentkit: [^\n]*\n$/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  return stderr.slice("latentkit: ".length, -1);
}
