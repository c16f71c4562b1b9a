/** Whether a device of onnxruntime-node really works here, tried in a process of its own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Input } from "../../graph/tensor.ts";
import { toOnnx } from "../../onnx/emit.ts";
import { matmul } from "../../ops/linalg.ts";

/** Reads a model with one 2x2 input from stdin, squares [[1, 2], [3, 4]] with it on provider argv[2] and prints the four numbers. */
const program = `
  const ort = require(process.argv[1]);
  const chunks = [];
  process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", async () => {
    try {
      const options = { executionProviders: [process.argv[2]], logSeverityLevel: 4 };
      const session = await ort.InferenceSession.create(Buffer.concat(chunks), options);
      const { y } = await session.run({ x: new ort.Tensor("float32", [1, 2, 3, 4], [2, 2]) });
      console.log(y.data.join());
      process.exit(0);
    } catch (error) {
      console.log(error.message);
      process.exit(1);
    }
  });
`;
const square = "7,10,15,22";

export const notInstalled =
  "onnxruntime-node is not installed: npm leaves it out where its install script cannot download";

/** The path of the installed onnxruntime-node's entry, or undefined where it is not installed. */
export function onnxRuntimeNodePath(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-node");
  } catch {
    return undefined;
  }
}

/** The library that CUDA needs beside onnxruntime-node's own; its package does not hold it. */
export function cudaLibrary(): { readonly path: string; readonly exists: boolean } {
  const entry = onnxRuntimeNodePath() ?? "onnxruntime-node/dist/index.js";
  const name = process.platform === "win32" ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
  const path = join(dirname(entry), "../bin/napi-v6", process.platform, process.arch, name);
  return { path, exists: existsSync(path) };
}

/**
 * Multiplies two 2x2 matrices on a provider of onnxruntime-node. Returns undefined where the product is right, else what
 * went wrong, in one line. A provider without a device ends its process in onnxruntime-node 1.30 instead of throwing.
 */
export async function probeProvider(
  provider: "cpu" | "webgpu" | "cuda",
  timeoutMs = 60_000,
): Promise<string | undefined> {
  const entry = onnxRuntimeNodePath();
  if (entry === undefined) return notInstalled;
  const x = new Input("x", [2, 2]);
  const { bytes } = toOnnx({
    inputs: new Map([[x, "x"]]),
    outputs: new Map([["y", matmul(x, x)]]),
    target: { kind: provider },
  });
  const child = spawn(process.execPath, ["-e", program, entry, provider], {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: timeoutMs,
  });
  child.stdin.on("error", () => {});
  child.stdin.end(bytes);
  let printed = "";
  child.stdout.on("data", (text: Buffer) => (printed += text.toString()));
  const ending = await new Promise<string>((resolve) => {
    child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on("error", (error) => resolve(error.message));
  });
  const line = printed.trim().split("\n").at(-1) ?? "";
  if (line === square) return undefined;
  // ONNX Runtime puts its own file, line and condition before the reason.
  return `${line.replace(/^.* was false\. /, "").slice(0, 200) || "nothing"} (${ending})`;
}
