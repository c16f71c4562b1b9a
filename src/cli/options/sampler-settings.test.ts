import { Command } from "commander";
import { expect, test } from "vitest";
import { ancestralOptions, reservedOptions } from "../../models/sampler.ts";
import { define } from "../commands/sample.ts";

test("every flag of sample but those of the sampler is reserved", async () => {
  const command = new Command("sample");
  await define(command);
  const flags = command.options.map((option) => option.attributeName());
  const own = Object.keys(ancestralOptions.shape);
  expect(flags).toContain("count");
  expect(flags.filter((flag) => !own.includes(flag) && !reservedOptions.includes(flag))).toEqual([]);
});
