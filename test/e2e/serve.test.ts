import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { readSafetensors, safetensorsChunks } from "../../src/serialization/safetensors.ts";
import { install, type Installed, printed } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";

// Runs over HTTP, in a process of their own.
let latentkit: Installed;
let server: ReturnType<Installed["start"]>;
let url: string;
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const serving = async (...args: readonly string[]) => {
  const started = latentkit.start("serve", ...args, "--port", "0", "--threads", "1", "--device", "cpu", "--json");
  const { url: at } = await printed(started, (line) => "url" in line);
  return { started, at: at as string };
};
const post = (
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  at = url,
): Promise<Response> =>
  fetch(at + path, {
    method: "POST",
    body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

beforeAll(async () => {
  latentkit = install();
  const short = "--data digits:300 --steps 20 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  await output("train", "vae", ...short, "--set", "hiddenDims=16", "--set", "latentDim=3", "--out", "vae");
  await output("encode", "vae", "--count", "5", "--out", "codes.npy", "--threads", "1", "--json");
  await output("decode", "vae", "codes.npy", "--out", "means.npy", "--threads", "1", "--json");
  const { started, at } = await serving("vae", "--max-rows", "64", "--max-bytes", "300000");
  [server, url] = [started, at];
});
afterAll(async () => {
  server.kill();
  await latentkit.remove();
});

const array = async (name: string) => {
  const { values, shape } = await readNpy((await openFile(join(latentkit.folder, name)))!);
  return { values: Float32Array.from(values), shape: [...shape] };
};
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>, scale = 1): number =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - scale * b[i]!)), 0);

describe("a function", () => {
  test("decodes as the command does, from JSON lists, from shape and data, and from safetensors", async () => {
    const [codes, means] = [await array("codes.npy"), await array("means.npy")];
    const rows = Array.from({ length: 5 }, (_, i) => [...codes.values.subarray(3 * i, 3 * i + 3)]);
    const lists = (await (await post("/v1/models/vae/decoder", { z: rows })).json()) as { x: number[][][][] };
    expect(farthest(means.values, lists.x.flat(3), 255)).toBeLessThan(0.01);
    const flat = { z: { shape: [5, 3], data: [...codes.values] } };
    expect(await (await post("/v1/models/vae/decoder", flat)).json()).toEqual(lists);
    const tensor = { dtype: "F32", shape: [5, 3], data: codes.values } as const;
    const bytes = Buffer.concat(safetensorsChunks(new Map([["z", tensor]])));
    const type = "application/vnd.safetensors";
    const found = await post("/v1/models/vae/decoder", new Uint8Array(bytes), { "content-type": type, accept: type });
    const x = readSafetensors(new Uint8Array(await found.arrayBuffer()), "answer").tensors.get("x")!;
    expect(x.shape).toEqual([5, 1, 28, 28]);
    expect(farthest(means.values, x.data as Float32Array, 255)).toBeLessThan(0.01);
  });

  test("samples by seed alone, whatever it is computed with, and draws them", async () => {
    const sample = async (seed: number): Promise<unknown> =>
      (await post("/v1/models/vae/sampler", { count: 2, seed, "option.temperature": 0.5 })).json();
    const alone = await sample(3);
    const together = await Promise.all([3, 4, 3].map(sample));
    expect(together[0]).toEqual(alone);
    expect(together[2]).toEqual(alone);
    expect(together[1]).not.toEqual(alone);
    const picture = await post("/v1/models/vae/sampler", { count: 16 }, { accept: "image/png" });
    expect(picture.headers.get("content-type")).toBe("image/png");
    // The width, in its header.
    expect(new DataView(await picture.arrayBuffer()).getUint32(16)).toBeGreaterThan(4 * 28);
  });

  test("answers many clients at once", async () => {
    const z = [[0.1, -0.2, 0.3]];
    const one = await (await post("/v1/models/vae/decoder", { z })).json();
    const many = await Promise.all(Array.from({ length: 64 }, () => post("/v1/models/vae/decoder", { z })));
    for (const each of many) expect(await each.json()).toEqual(one);
  });
});

describe("the Open Inference Protocol", () => {
  test("tells what there is", async () => {
    const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
    expect(await get("/v2/health/ready")).toEqual({ ready: true });
    expect(await get("/v2")).toMatchObject({ extensions: ["binary_tensor_data"] });
    expect(await get("/v2/models/vae.decoder")).toEqual({
      name: "vae.decoder",
      versions: ["20"],
      platform: "latentkit_onnx",
      inputs: [{ name: "z", datatype: "FP32", shape: [-1, 3] }],
      outputs: [{ name: "x", datatype: "FP32", shape: [-1, 1, 28, 28] }],
    });
  });

  test("infers from JSON and from bytes, answered as asked", async () => {
    const z = [0.1, -0.2, 0.3];
    const input = { name: "z", shape: [1, 3], datatype: "FP32" };
    const json = (await (
      await post("/v2/models/vae.decoder/infer", { id: "7", inputs: [{ ...input, data: z }] })
    ).json()) as { id: string; outputs: readonly { name: string; shape: number[]; data: number[] }[] };
    expect(json).toMatchObject({ id: "7", model_name: "vae.decoder", outputs: [{ name: "x", shape: [1, 1, 28, 28] }] });
    const head = Buffer.from(
      JSON.stringify({
        inputs: [{ ...input, parameters: { binary_data_size: 12 } }],
        outputs: [{ name: "x", parameters: { binary_data: true } }],
      }),
    );
    const body = new Uint8Array(Buffer.concat([head, Buffer.from(Float32Array.from(z).buffer)]));
    const answer = await post("/v2/models/vae.decoder/versions/20/infer", body, {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    });
    const bytes = await answer.arrayBuffer();
    const length = Number(answer.headers.get("inference-header-content-length"));
    expect(JSON.parse(new TextDecoder().decode(bytes.slice(0, length)))).toMatchObject({
      outputs: [{ name: "x", parameters: { binary_data_size: 4 * 784 } }],
    });
    expect([...new Float32Array(bytes.slice(length))]).toEqual(json.outputs[0]!.data.map(Math.fround));
  });
});

test("the OpenAPI document has a path of each function, and metrics count requests", async () => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
  expect(Object.keys(document.paths)).toEqual(
    ["encoder", "decoder", "reconstruction", "elbo", "sampler", "sample"].map((name) => `/v1/models/vae/${name}`),
  );
  await post("/v1/models/vae/decoder", { z: [[0, 0, 0]] });
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/latentkit_requests_total\{model="vae",function="decoder",outcome="ok"\} \d+/);
});

describe("refuses in a problem document", () => {
  test.each<readonly [string, unknown, number, RegExp]>([
    ["/v1/models/vea/decoder", {}, 404, /^model: unknown, got "vea", expected vae$/],
    ["/v1/models/vae/decode", {}, 404, /^function: unknown, got "decode", expected encoder, decoder/],
    ["/v1/models/vae/decoder", {}, 400, /^z: input is missing, got none, expected float32 \[batch, 3\]$/],
    ["/v1/models/vae/decoder", { z: [[1, 2]] }, 400, /^z: input does not fit, got float32 \[1, 2\], expected/],
    ["/v1/models/vae/decoder", { z: [[1, 2, 3], [1]] }, 400, /^z: lists differ in length, got 1, expected 3/],
    ["/v1/models/vae/decoder", { z: [[1, 2, null]] }, 400, /^z: not a number, got null at 2/],
    ["/v1/models/vae/decoder", { z: [[1, 2, 1e39]] }, 400, /^z: a value is not finite, got Infinity at 2/],
    ["/v1/models/vae/decoder", { z: { shape: [1e9, 3], data: [1] } }, 400, /^z: values do not fill the shape/],
    ["/v1/models/vae/decoder", { z: [[1, 2, 3]], x: 1 }, 400, /^x: unknown input, got "x", expected z$/],
    ["/v1/models/vae/sampler", { count: 65 }, 400, /^count: number of rows, got 65, expected 1 to 64$/],
    ["/v1/models/vae/sampler", { seed: -1 }, 400, /^seed: not a whole number, got -1, expected 0 or more$/],
    ["/v1/models/vae/decoder", [1], 400, /^body: not an object/],
    ["/v2/models/vae/infer", { inputs: [] }, 404, /^function: unknown, got ""/],
    ["/v2/models/vae.decoder/infer", { inputs: [{ name: "z" }] }, 400, /^body\.inputs\.0\.shape: /],
  ])("%s %j: %i", async (path, body, status, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(((await answer.json()) as { detail: string }).detail).toMatch(message);
  });

  test("a body that is too large", async () => {
    const answer = await post("/v1/models/vae/decoder", { z: Array.from({ length: 40_000 }, () => [0, 0, 0]) });
    expect(answer.status).toBe(413);
    expect(((await answer.json()) as { detail: string }).detail).toMatch(
      /^body: too large, got more than 300000 bytes/,
    );
  });

  test("bytes that lie", async () => {
    const bytes = Uint8Array.from([255, 255, 255, 255, 255, 255, 0, 0, 1]);
    const type = { "content-type": "application/vnd.safetensors" };
    expect((await post("/v1/models/vae/decoder", bytes, type)).status).toBe(400);
    const head = { "inference-header-content-length": "1e9" };
    expect((await post("/v2/models/vae.decoder/infer", bytes, head)).status).toBe(400);
  });

  test("requests by another name, and from pages of other places", async () => {
    const { port } = new URL(url);
    const statusOf = (headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request({ port, host: "127.0.0.1", path: "/v1/models", headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await statusOf({ host: `rebound.example:${port}` })).toBe(403);
    expect(await statusOf({ host: `localhost:${port}`, origin: "https://elsewhere.example" })).toBe(403);
    expect(await statusOf({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  });
});

test("more than may wait are told when to come again; all others are answered", async () => {
  const { started, at } = await serving("vae", "--queue", "4", "--delay", "200");
  const ask = (): Promise<Response> => post("/v1/models/vae/decoder", { z: [[0, 0, 0]] }, {}, at);
  const answers = await Promise.all(Array.from({ length: 20 }, ask));
  const busy = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200).length + busy.length).toBe(20);
  expect(busy.length).toBeGreaterThan(0);
  expect(Number(busy[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect((await ask()).status).toBe(200);
  started.kill();
  await started.finished;
});

test("a newer checkpoint takes the place of the one that is served, and SIGTERM ends with all answered", async () => {
  const { started, at } = await serving("vae", "--reload", "0.2", "--delay", "300");
  const step = async (): Promise<number> =>
    ((await (await fetch(`${at}/v1/models/vae`)).json()) as { step: number }).step;
  expect(await step()).toBe(20);
  await output("train", "vae", "--out", "vae", "--resume", "--steps", "400", "--threads", "1", "--json");
  const best = (
    JSON.parse(readFileSync(join(latentkit.folder, "vae/run.json"), "utf8")) as { result: { weights: number } }
  ).result.weights;
  expect(best).toBeGreaterThan(20);
  await expect.poll(step, { timeout: 20_000 }).toBe(best);
  const asked = post("/v1/models/vae/decoder", { z: [[0, 0, 0]] }, {}, at);
  await new Promise((resolve) => setTimeout(resolve, 100));
  started.kill("SIGTERM");
  expect((await asked).status).toBe(200);
  expect((await started.finished).code).toBe(0);
});

test("a taken port, runs of one name, and what is no run are said in one line", async () => {
  const { port } = new URL(url);
  const refused = async (...args: readonly string[]): Promise<string> =>
    refusalOf(await latentkit.run("serve", ...args));
  expect(await refused("vae", "--port", port)).toContain(`--port: the port is taken, got 127.0.0.1:${port}`);
  expect(await refused("vae", "./vae")).toContain("serve: two runs of one name, got vae");
  expect(await refused("nothing")).toContain("nothing");
});
