import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoweringTarget } from "../../src/graph/index.ts";
import { toOnnx } from "../../src/onnx/emit.ts";
import { everyCase } from "./run.ts";

const python = [process.env["LATENTKIT_PYTHON"], ".bench-env/bin/python"].find(
  (path) => path !== undefined && spawnSync(path, ["-c", "import onnx"]).status === 0,
);

const program = `
import glob, json, os, sys, onnx
verdicts = {}
for path in glob.glob(os.path.join(sys.argv[1], "*.onnx")):
    verdicts[os.path.basename(path)] = "accepted"
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as error:
        verdicts[os.path.basename(path)] = str(error)
print(json.dumps(verdicts))
`;

const skipped = python === undefined ? " (skipped: no Python with onnx; name one in LATENTKIT_PYTHON)" : "";
describe.skipIf(python === undefined)(`the official ONNX checker accepts every lowering${skipped}`, () => {
  let folder: string;
  let verdicts: Readonly<Record<string, string>>;
  const built = everyCase(2);
  const targets: readonly LoweringTarget["kind"][] = ["cpu", "webgpu"];
  const targetOf = (kind: LoweringTarget["kind"]): LoweringTarget =>
    kind === "cpu" ? { kind, unreturnable: true } : { kind };
  const file = (target: string, i: number): string => `${target}-${i}.onnx`;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "latentkit-onnx-"));
    for (const kind of targets)
      for (const [i, b] of built.entries()) {
        const inputs = new Map([...b.leaves.keys()].map((t, n) => [t, `x${n}`]));
        const roots = [...b.values, ...b.gradients, ...b.secondGradients];
        const outputs = new Map(roots.map((t, n) => [`y${n}`, t]));
        writeFileSync(join(folder, file(kind, i)), toOnnx({ inputs, outputs, target: targetOf(kind) }).bytes);
      }
    verdicts = JSON.parse(execFileSync(python!, ["-c", program, folder], { encoding: "utf8" })) as typeof verdicts;
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const kind of targets)
    test.each(built.map((b, i) => [b.id, i] as const))(`${kind}: %s`, (_, i) => {
      expect(verdicts[file(kind, i)]).toBe("accepted");
    });
});
