import type { Command } from "commander";
import { examineMachine, type MachineReport } from "../../node/devices/examine-machine.ts";
import { table } from "../output/table.ts";
import { print, printJson } from "../output/terminal.ts";

export function define(command: Command): void {
  command
    .option("--json", "print JSON")
    .addHelpText("after", "\nRuns a matrix product on every device and shows how to install missing ones.")
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const report = await examineMachine();
      if (json) printJson(report);
      else print(described(report));
    });
}

function described({ latentkit, node, platform, cpu, memory, wasmSimd, devices, auto }: MachineReport): string {
  const facts = [
    ["latentkit", latentkit],
    ["node", `${node} on ${platform}`],
    ["cpu", `${cpu.model}, ${cpu.threads} threads`],
    ["memory", `${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`],
    ["wasm simd", wasmSimd ? "yes" : "no: training needs it; use a newer Node"],
  ];
  const checks = devices.map(({ name, works, problem, remedy }) => [
    name,
    works ? "works" : `not available: ${problem}\n${remedy}`,
  ]);
  const picked =
    "problem" in auto
      ? `--device auto finds none: ${auto.problem}`
      : `--device auto selects ${auto.device}: ${auto.description} (${auto.reason}${auto.remedy === undefined ? "" : `; ${auto.remedy}`})`;
  return `${table(facts)}\n\ndevices\n${table(checks)}\n\n${picked}`;
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
