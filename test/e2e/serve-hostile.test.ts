import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed, printed } from "./install.ts";
import { outputOf } from "./outcomes.ts";

// Clients and folders that do what they should not, one after another against one server, which must go on.
let latentkit: Installed;
let server: ReturnType<Installed["start"]>;
let url: URL;
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const at = (name: string): string => join(latentkit.folder, name);
const serve = async (...args: readonly string[]) => {
  const started = latentkit.start("serve", ...args, "--port", "0", "--threads", "1", "--device", "cpu", "--json");
  return { started, at: new URL((await printed(started, (line) => "url" in line))["url"] as string) };
};

beforeAll(async () => {
  latentkit = install();
  const short = "--data digits:200 --steps 10 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  await output("train", "cvae", ...short, "--set", "hiddenDims=8", "--set", "latentDim=3", "--out", "a b");
  const { started, at } = await serve("a b", "--timeout", "1", "--max-bytes", "3000000", "--connections", "20");
  [server, url] = [started, at];
});
afterAll(async () => {
  server.kill();
  expect((await server.finished).stderr).not.toContain("Error");
  await latentkit.remove();
});

const post = (
  name: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  at = url,
): Promise<Response> =>
  fetch(new URL(`/v1/models/a%20b/${name}`, at), {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
const good = JSON.stringify({ z: [[0, 0, 0]], "field.class": [3] });
/** What a connection that sends some text is sent until it is closed. */
const sent = (text: string, at = url): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(at.port), "127.0.0.1");
    let got = "";
    socket.on("data", (data) => (got += String(data)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
    socket.write(text);
  });
const nested = "[".repeat(500_000) + "]".repeat(500_000);
const long = "a".repeat(1_000_000);

test.each<readonly [string, string, string, RegExp]>([
  ["lists in lists", "decoder", `{"z":${nested}}`, /^z: nested too deep/],
  ["a list for a number", "decoder", `{"z":[[0,0,${nested}]]}`, /^z: not a number, got a list at 2/],
  ["a list for a seed", "decoder", `{"seed":${nested}}`, /^seed: nested too deep/],
  ["a list for a class", "sample", `{"condition":{"class":${nested}}}`, /^condition: nested too deep/],
  ["a prototype", "decoder", `{"__proto__":{"shape":[1],"data":[1]}}`, /^__proto__: unknown input/],
  [
    "a shape that lies",
    "decoder",
    `{"z":{"shape":[99999999999,3],"data":[]}}`,
    /^z: values do not fill the shape, got 0/,
  ],
  ["no rows", "decoder", `{"z":{"shape":[0,3],"data":[]},"field.class":[]}`, /^z: number of rows, got 0/],
  ["long text", "decoder", `{"z":[["${long}",0,0]]}`, /^z: not a number, got "a{60}\.\.\." at 0/],
  ["a long name", "decoder", `{"${long}":[1]}`, /^a{1000}\.\.\.$/],
  [
    "a class there is not",
    "decoder",
    `{"z":[[0,0,0]],"field.class":[77]}`,
    /^field.class: none of the values it takes, got 77/,
  ],
  [
    "an option out of range",
    "sampler",
    `{"field.class":[1],"option.temperature":1e30}`,
    /^option.temperature: not a value/,
  ],
  ["NaN", "decoder", `{"z":[[NaN,0,0]]}`, /^body: not valid JSON/],
])("%s: refused", async (_, name, body, message) => {
  const answer = await post(name, body);
  const text = await answer.text();
  expect([answer.status, text.length < 5000]).toEqual([400, true]);
  expect((JSON.parse(text) as { detail: string }).detail).toMatch(message);
});

test("bodies of other types and packed ones are not read", async () => {
  expect((await post("decoder", good, { "content-type": "text/plain" })).status).toBe(415);
  expect((await post("decoder", good, { "content-encoding": "gzip" })).status).toBe(415);
});

test("a request that is refused fails none that come with it", async () => {
  const bad = JSON.stringify({ z: [[0, 0, 0]], "field.class": [-1] });
  const answers = await Promise.all([good, bad, good].map((body) => post("decoder", body)));
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
});

describe("connections", () => {
  const head = "POST /v1/models/a%20b/decoder HTTP/1.1\r\nHost: localhost\r\n";
  test.each<readonly [string, string, RegExp]>([
    ["nothing", "", /^HTTP\/1.1 408/],
    ["half a header", "POST /v1/mod", /^HTTP\/1.1 408/],
    ["half a body", `${head}Content-Length: 100\r\n\r\n{`, /^HTTP\/1.1 408/],
    ["a length beyond the limit", `${head}Content-Length: 99999999999\r\n\r\n`, /^HTTP\/1.1 413/],
    ["a negative length", `${head}Content-Length: -1\r\n\r\n`, /^HTTP\/1.1 400/],
    ["two lengths", `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1.1 400/],
  ])("that send %s are closed", async (_, text, answer) => {
    expect(await sent(text)).toMatch(answer);
  });

  test("no more are open than are allowed, and there is room once they close", async () => {
    const sockets = Array.from({ length: 30 }, () => connect(Number(url.port), "127.0.0.1").on("error", () => {}));
    await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(10);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await post("decoder", good).catch(() => undefined))?.status).toBe(200);
  });
});

test("it stops while clients hold on to it, and answers what it took", async () => {
  const { started, at } = await serve("a b", "--timeout", "1", "--delay", "500");
  const head = "POST /v1/models/a%20b/decoder HTTP/1.1\r\nHost: localhost\r\n";
  const holding = ["", "POST /v1", `${head}Content-Length: 100\r\n\r\n{`].map((text) => sent(text, at));
  const taken = post("decoder", good, {}, at);
  await new Promise((resolve) => setTimeout(resolve, 200));
  started.kill("SIGTERM");
  expect((await taken).status).toBe(200);
  expect((await started.finished).code).toBe(0);
  await Promise.all(holding);
});

test("a newer checkpoint that is damaged, and a folder that is gone, leave what is served", async () => {
  for (const name of ["served/a b", "newer"]) cpSync(at("a b"), at(name), { recursive: true });
  const { started, at: url } = await serve("served/a b", "--reload", "0.2");
  let told = "";
  started.stderr!.on("data", (text: string) => (told += text));
  await output("train", "cvae", "--out", "newer", "--resume", "--steps", "40", "--threads", "1", "--json");
  const newer = readdirSync(at("newer/checkpoints")).filter((name) => !existsSync(at(`a b/checkpoints/${name}`)));
  expect(newer.length).toBeGreaterThan(0);
  for (const name of newer) {
    const weights = at(`newer/checkpoints/${name}/weights.safetensors`);
    const bytes = readFileSync(weights);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(weights, bytes);
    renameSync(at(`newer/checkpoints/${name}`), at(`served/a b/checkpoints/${name}`));
  }
  await expect.poll(() => told, { timeout: 20_000 }).toMatch(/^a b: step 10 is served on: .*damaged/m);
  expect((await post("decoder", good, {}, url)).status).toBe(200);
  rmSync(at("served"), { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect((await post("decoder", good, {}, url)).status).toBe(200);
  expect((await post("sample", "{}", {}, url)).status).toBe(200);
  started.kill();
  expect((await started.finished).code).toBe(0);
});
