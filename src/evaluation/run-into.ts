import type { Program, RunOptions } from "../runtime/program.ts";

/** Runs a program whose output `out` is of whole chunks of rows, and puts it at `at` of `rows`, as much as has place there. */
export async function runInto(
  rows: Float32Array,
  at: number,
  program: Program,
  options: Omit<RunOptions, "outputs" | "into">,
): Promise<void> {
  const { size } = program.output("out");
  const fits = at + size <= rows.length;
  const into = fits ? { into: { out: rows.subarray(at, at + size) } } : {};
  const { out } = await program.run({ ...options, outputs: ["out"], ...into });
  if (!fits) rows.set((out as Float32Array).subarray(0, rows.length - at), at);
}
