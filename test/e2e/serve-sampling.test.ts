import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { readSafetensors } from "../../src/serialization/safetensors.ts";
import { install, type Installed, printed } from "./install.ts";
import { outputOf } from "./outcomes.ts";

// Samplers of many steps over HTTP.
let latentkit: Installed;
let server: ReturnType<Installed["start"]>;
let url: string;
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));

beforeAll(async () => {
  latentkit = install();
  const short = "--steps 10 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  const small = ["--set", "width=8", "--set", "depth=1"];
  await output("train", "diffusion", "--data", "toy:moons:200", ...short, ...small, "--out", "moons");
  const sizes = ["--set", "hiddenDims=8", "--set", "latentDim=3"];
  await output("train", "cvae", "--data", "digits:200", ...short, ...sizes, "--out", "cvae");
  await output("train", "vae", "--data", "digits:200", ...short, ...sizes, "--out", "vae");
  await output("train", "diffusion", "--data", "codes:vae", ...short, ...small, "--out", "prior");
  const flags = "--port 0 --threads 1 --device cpu --samplings 1 --max-rows 64 --json".split(" ");
  server = latentkit.start("serve", "moons", "cvae", "prior", ...flags);
  ({ url } = (await printed(server, (line) => "url" in line)) as { url: string });
});
afterAll(async () => {
  server.kill();
  await server.finished;
  await latentkit.remove();
});

type Options = { readonly accept?: string; readonly signal?: AbortSignal };
const post = (path: string, body: object, { accept = "application/json", signal }: Options = {}): Promise<Response> =>
  fetch(`${url}/v1/models/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept },
    ...(signal && { signal }),
  });
const json = async (path: string, body: object): Promise<Record<string, unknown>> =>
  (await (await post(path, body)).json()) as Record<string, unknown>;
const values = async (file: string): Promise<readonly number[]> => [
  ...Float32Array.from((await readNpy((await openFile(join(latentkit.folder, file)))!)).values),
];
const events = async (answer: Response): Promise<readonly (readonly [string, Record<string, unknown>])[]> =>
  Array.from((await answer.text()).matchAll(/event: (\w+)\ndata: (.*)\n\n/g), ([, event, data]) => [
    event!,
    JSON.parse(data!) as Record<string, unknown>,
  ]);

describe("sample", () => {
  test("gives what the command does, by the seed and the sampler's options, each time", async () => {
    const flags = ["--count", "5", "--seed", "3", "--steps", "6", "--solver", "euler"];
    await output("sample", "moons", ...flags, "--out", "moons.npy", "--device", "cpu", "--threads", "1", "--json");
    const asked = { count: 5, seed: 3, steps: 6, solver: "euler" };
    const { x } = (await json("moons/sample", asked)) as { x: number[][] };
    const units = await values("moons.npy");
    // The command's are in the data's units: one scale and shift for each coordinate.
    for (const at of [0, 1]) {
      const column = x.map((point) => point[at]!);
      const there = units.filter((_, i) => i % 2 === at);
      const slope = (there[1]! - there[0]!) / (column[1]! - column[0]!);
      expect(slope).not.toBe(0);
      column.forEach((v, i) => expect(there[0]! + slope * (v - column[0]!)).toBeCloseTo(there[i]!, 4));
    }
    expect(await json("moons/sample", asked)).toEqual({ x });
    expect(await json("moons/sample", { ...asked, seed: 4 })).not.toEqual({ x });
    const other = await fetch(`${url}/v1/models/moons/sample?count=5&seed=3&steps=6&solver=euler`, { method: "POST" });
    expect(await other.json()).toEqual({ x });
  });

  test("of a run trained on codes gives what they decode to", async () => {
    await output("sample", "prior", "--count", "2", "--steps", "4", "--out", "p.npy", "--device", "cpu", "--json");
    const { x } = (await json("prior/sample", { count: 2, steps: 4 })) as { x: number[][][][] };
    const expected = await values("p.npy");
    x.flat(3).forEach((v, i) => expect(255 * v).toBeCloseTo(expected[i]!, 1));
  });

  test("is of a class that is given, and says which where none is", async () => {
    const seven = await json("cvae/sample", { label: 7, seed: 1 });
    expect(await json("cvae/sample", { label: "7", seed: 1 })).toEqual(seven);
    expect(await json("cvae/sample", { condition: { class: "7" }, seed: 1 })).toEqual(seven);
    expect(await json("cvae/sample", { label: 1, seed: 1 })).not.toEqual(seven);
    const { x, class: classes } = (await json("cvae/sample", { count: 20 })) as { x: unknown[]; class: number[] };
    expect([x.length, classes.length]).toEqual([20, 20]);
    expect(new Set(classes).size).toBeGreaterThan(5);
  });

  test("tells each step, shows the samples on their way, and ends with the result", async () => {
    const asked = { count: 4, seed: 1, steps: 8, solver: "euler" };
    const told = await events(await post("moons/sample", { ...asked, previews: 4 }, { accept: "text/event-stream" }));
    const steps = told.filter(([event]) => event === "step").map(([, data]) => data);
    const { step, steps: all } = steps.at(-1) as { step: number; steps: number };
    expect(all).toBeGreaterThan(5);
    expect(step).toBe(all);
    const [, preview] = told.find(([event]) => event === "preview")!;
    expect(
      Buffer.from(preview["png"] as string, "base64")
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    expect(told.at(-1)).toEqual(["result", await json("moons/sample", asked)]);
    const alone = await post("moons/sample", asked, { accept: "application/vnd.safetensors" });
    const { tensors } = readSafetensors(new Uint8Array(await alone.arrayBuffer()), "answer");
    expect(tensors.get("x")!.shape).toEqual([4, 2]);
  });

  test("one at a time: more than may wait are told to come again, and a client that goes away ends its own", async () => {
    const leaving = new AbortController();
    const long = { count: 64, steps: 10_000, solver: "euler" };
    const running = await post("moons/sample", long, { accept: "text/event-stream", signal: leaving.signal });
    const waiting = post("moons/sample", { count: 1, steps: 2 });
    await expect.poll(async () => (await post("moons/sample", { count: 1, steps: 2 })).status).toBe(429);
    const busy = await post("moons/sample", { count: 1 }, { accept: "text/event-stream" });
    expect(busy.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await busy.json()).toMatchObject({ status: 429, got: "1 that wait" });
    leaving.abort();
    await expect(running.text()).rejects.toThrow("aborted");
    expect((await waiting).status).toBe(200);
    const outcomes = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await expect.poll(outcomes).toContain('{model="moons",function="sample",outcome="gone"} 1');
  });
});

test("complete keeps what the mask says, as one of all examples or each its own", async () => {
  const asked = { x: [[0.5, 9], [-0.5, 9]], mask: [[0, 1]], steps: 4, seed: 2 }; // prettier-ignore
  const { x } = (await json("moons/complete", asked)) as { x: [number, number][] };
  expect(x.map(([kept]) => kept)).toEqual([0.5, -0.5]);
  for (const [, made] of x) expect(Math.abs(made - 9)).toBeGreaterThan(0.1);
  expect(await json("moons/complete", { ...asked, mask: [[0, 1], [0, 1]] })).toEqual({ x }); // prettier-ignore
});

test("the OpenAPI document has their options", async () => {
  const document = JSON.stringify(await (await fetch(`${url}/openapi.json`)).json());
  expect(document).toContain('"/v1/models/moons/complete"');
  expect(document).toMatch(/"solver":\{.*?"enum":\[/);
});

test.each<readonly [string, object, RegExp]>([
  ["moons/sample", { stps: 5 }, /^stps: unknown input, got "stps", .*; did you mean steps\?$/],
  ["moons/sample", { steps: 1e9 }, /^steps: not a value it takes, got 1000000000, expected an integer from 1 to/],
  ["moons/sample", { count: 65 }, /^count: not a value it takes, got 65, expected an integer from 1 to 64$/],
  ["moons/sample", { label: 1 }, /^condition: the model takes none of this name, got class, expected none: it is unc/],
  ["cvae/sample", { label: "eight" }, /^label: no such class, got "eight", expected one of 0, 1,/],
  ["cvae/sample", { condition: { hue: 1 } }, /^condition: the model takes none of this name, got hue, expected class$/],
  ["prior/sample", { previews: 2 }, /^previews: there is no picture .*, expected 0: the model samples codes$/],
  ["moons/complete", { x: [[1, 2]] }, /^mask: input is missing, got none, expected float32 \[batch, 2\]$/],
  ["moons/complete", { x: [[1, 2]], mask: [[0, 0.5]] }, /^mask: a value of the mask is neither 0 nor 1, got 0.5/],
  ["moons/complete", { x: [[1, 2]], mask: [[0, 1], [1, 0]] }, /^mask: rows differ, got 2, expected 1 or 1 as of x$/], // prettier-ignore
])("%s %j is refused", async (path, body, message) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { detail: string }).detail).toMatch(message);
});
