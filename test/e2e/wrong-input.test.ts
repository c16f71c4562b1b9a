import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { install, type Installed } from "./install.ts";
import { refusalOf } from "./outcomes.ts";

let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);

/** Runs a command that must fail in one line, and gives back that line. */
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));

const small = "--data digits:100 --batch-size 20 --steps 2 --set hiddenDims=8 --set latentDim=2 --threads 1".split(" ");

beforeAll(async () => {
  latentkit = install();
  expect((await latentkit.run("train", "vae", "--out", "run", ...small)).code).toBe(0);
});
afterAll(() => latentkit.remove());

describe("arguments", () => {
  test.each([
    [["trian"], "command: unknown command, got trian, expected one that --help lists; did you mean train?"],
    [["train"], "arguments: one is missing, got no model, expected it; see --help"],
    [["train", "vea"], /^model: unknown model, got "vea", expected one of .*; did you mean vae\?$/],
    [["models", "vea"], /^model: unknown model, got "vea", expected one of .*; did you mean vae\?$/],
    [
      ["train", "vae", "--epocs", "3"],
      "options: unknown option, got --epocs, expected one that --help lists; did you mean --epochs?",
    ],
    [["train", "vae", "--epochs"], "options: a value is missing, got none for --epochs <n>, expected one"],
    [
      ["train", "vae", "--epochs", "0"],
      '--epochs: not a value it takes, got "0", expected an integer from 1 to 1000000',
    ],
    [["train", "vae", "--ema", "1"], '--ema: not a value it takes, got "1", expected a number above 0 and below 1'],
    [
      ["train", "vae", "--optimizer", "adamm"],
      '--optimizer: not a value it takes, got "adamm", expected one of adam, adamw, adamax, rmsprop, sgd; did you mean adam?',
    ],
    [
      ["train", "vae", "--weight-decay", "1"],
      "train: adam has no weightDecay, got 1, expected 0, or optimizer adamw or sgd",
    ],
    [
      ["train", "vae", "--epochs", "2", "--steps", "3"],
      "train: two lengths, got 2 epochs and 3 steps, expected one of them",
    ],
    [
      ["train", "vae", "--set", "latentdim=3"],
      /^--set latentdim: unknown setting, got "latentdim", expected one of latentDim, .*; did you mean latentDim\?$/,
    ],
    [
      ["train", "vae", "--set", "latentDim=0"],
      '--set latentDim: not a value it takes, got "0", expected an integer from 1 to 4096',
    ],
    [
      ["train", "vae", "--set", "hiddenDims=400,x"],
      '--set hiddenDims: not a value it takes, got "400,x", expected a list, commas between, each an integer from 1 to 65536',
    ],
    [["train", "vae", "--set", "latentDim"], '--set: not a setting, got "latentDim", expected key=value'],
    [["train", "vae", "--set", "constructor=1"], /^--set constructor: unknown setting, /],
    [
      ["train", "vae", "--set", "hidden=3"],
      /^--set hidden: unknown setting, got "hidden", .*; did you mean hiddenDims\?$/,
    ],
    [
      ["train", "vae", "--schedule", "cos"],
      '--schedule: not a value it takes, got "cos", expected one of constant, linear, cosine, exponential, step, one-cycle; did you mean cosine?',
    ],
    [
      ["train", "vae", "--seed", "1e20"],
      '--seed: not a value it takes, got "1e20", expected an integer from 0 to 9007199254740991',
    ],
    [["train", "vae", "mnist"], "arguments: too many, got 2, expected 1; see --help"],
    [
      ["train", "vae", "--data", "digits:50", "--threads", String(cpus().length + 1)],
      `--threads: not a number for this machine, got ${cpus().length + 1}, expected an integer from 0 (all) to ${cpus().length}`,
    ],
    [["train", "vae", "--config", "/dev/zero"], "/dev/zero: not a file, got a folder or device, expected a JSON file"],
    [
      ["train", "vae", "--data", "a\u001b[31m\u202eb\nc"],
      /^data: no such source, got "a\\u\{1b\}\[31m\\u\{202e\}b c", expected /,
    ],
    [["train", "vae", "--resume"], "--resume: no run, got no --out, expected --out RUN to resume it"],
    [
      ["train", "vae", "--resume", "--out", "run", "--print-config"],
      "--print-config: conflicting options, got --resume too, expected one; run.json has a run's settings",
    ],
    [
      ["train", "vae", ...small, "--mlflow", "http://127.0.0.1:1"],
      /^--mlflow: http:\/\/127\.0\.0\.1:1 does not answer, got "[^\n]*", expected an MLflow server$/,
    ],
    [["train", "vae", "--config", "none.json"], /^none\.json: cannot read, got ENOENT \(no such file or directory\)/],
    [["train", "vae", "--device", "tpu"], /^--device: not a value it takes, got "tpu", expected one of auto, cpu, /],
    [
      ["sample", "run", "--device", "wasm", "--threads", "2"],
      "--threads: wasm has one thread in Node, got 2, expected 0 or 1; or --device cpu",
    ],
    [["sample", "run", "--device", "tpu"], /^--device: unknown device, got "tpu", expected one of auto, cpu, /],
    [
      ["sample", "run", "--out", "x.jpg"],
      '--out: unknown file type, got "x.jpg", expected a name that ends in .png or .npy or .csv',
    ],
    [
      ["sample", "run", "--checkpoint", "first"],
      '--checkpoint: none by that name, got "first", expected best, last, or a step',
    ],
    [["sample", "run", "--checkpoint", "1"], /^run: checkpoint is missing, got step 1, expected one of 2$/],
    [
      ["manifold", "run", "--dims", "0,2"],
      "--dims: not two dimensions of this model, got 0,2, expected two different ones from 0 to 1",
    ],
    [
      ["data", "show", "digits:20", "--out", "x.jpg"],
      '--out: unknown file type, got "x.jpg", expected a name that ends in .png',
    ],
    [["data", "show", "digist"], /^data: no such source, got "digist", .*; did you mean digits\?$/],
  ])("%j", async (args, message) => {
    expect(await refusal(...args)).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(readdirSync(latentkit.folder)).toEqual(["run"]);
  });

  test("a --config file is held to the same names and ranges", async () => {
    const messages: string[] = [];
    for (const config of [{ epoch: 3 }, { batchSize: 0 }, { set: { latentDim: "x" } }, { set: 3 }]) {
      writeFileSync(inside("config.json"), JSON.stringify(config));
      messages.push(await refusal("train", "vae", "--config", "config.json"));
    }
    rmSync(inside("config.json"));
    expect(messages).toEqual([
      expect.stringMatching(/^config\.json: epoch: unknown setting, got "epoch", .*; did you mean epochs\?$/),
      "config.json: batchSize: not a value it takes, got 0, expected an integer from 1 to 1000000",
      'config.json: latentDim: not a value it takes, got "x", expected an integer from 1 to 4096',
      'config.json: "set" is not an object, expected the model\'s settings by name',
    ]);
  });
});

describe("data", () => {
  const header = (...extents: number[]): Buffer => {
    const bytes = Buffer.alloc(4 + 4 * extents.length);
    bytes.set([0, 0, 8, extents.length]);
    extents.forEach((extent, i) => bytes.writeUInt32BE(extent, 4 + 4 * i));
    return bytes;
  };
  const images = (count: number, side: number): Buffer =>
    Buffer.concat([header(count, side, side), Buffer.alloc(count * side * side, 7)]);
  const folder = (name: string, files: Readonly<Record<string, Buffer>>): void => {
    mkdirSync(inside("data", name), { recursive: true });
    for (const [file, bytes] of Object.entries(files)) writeFileSync(inside("data", name, file), bytes);
  };
  afterAll(() => rmSync(inside("data"), { recursive: true }));

  test.each([
    ["a folder without the files", {}, /neither MNIST's four files nor images, got 0 other entries/],
    ["an empty file", { "train-images-idx3-ubyte": Buffer.alloc(0) }, /the file is empty, got 0 bytes/],
    ["a truncated file", { "train-images-idx3-ubyte": images(50, 28).subarray(0, 500) }, /truncated, got a header/],
    [
      "something else",
      { "train-images-idx3-ubyte": Buffer.from("PNG is not IDX") },
      /not an IDX file, got first bytes/,
    ],
    [
      "labels for images",
      { "train-images-idx3-ubyte": Buffer.concat([header(50), Buffer.alloc(50)]) },
      /looks like a labels file/,
    ],
    [
      "a header that claims terabytes",
      { "train-images-idx3-ubyte": header(4_000_000_000, 1000, 1000) },
      /truncated, got a header that claims 4000000000000000 bytes/,
    ],
    [
      "more labels than images",
      { "train-labels-idx1-ubyte": Buffer.concat([header(60), Buffer.alloc(60)]) },
      /labels and images differ in number, got 60 labels, expected 50/,
    ],
  ])("%s", async (name, changed, message) => {
    const good = {
      "train-images-idx3-ubyte": images(50, 28),
      "train-labels-idx1-ubyte": Buffer.concat([header(50), Buffer.alloc(50)]),
      "t10k-images-idx3-ubyte": images(20, 28),
      "t10k-labels-idx1-ubyte": Buffer.concat([header(20), Buffer.alloc(20)]),
    };
    folder(name, Object.keys(changed).length === 0 ? {} : { ...good, ...changed });
    expect(await refusal("train", "vae", "--data", join("data", name), "--out", "new")).toMatch(message);
    expect(existsSync(inside("new"))).toBe(false);
  });

  test("images of a size that the network cannot take", async () => {
    folder("tiny", { "images-idx3-ubyte": images(50, 2) });
    const conv = ["--set", "network=conv", "--batch-size", "10"];
    const said = await refusal("train", "vae", "--data", "data/tiny/images-idx3-ubyte", "--out", "new", ...conv);
    expect(said).toMatch(/cannot take this size .*, got 2, expected 4, or a network of linear layers$/);
    expect(existsSync(inside("new"))).toBe(false);
  });

  test("a batch larger than the data", async () => {
    expect(await refusal("train", "vae", ...small, "--batch-size", "101", "--out", "new")).toMatch(
      /batch larger than the data, got batch size 101 for 100 training examples of digits, expected at most 100$/,
    );
    expect(existsSync(inside("new"))).toBe(false);
  });
});

describe("a run folder", () => {
  const copy = (): void => cpSync(inside("run"), inside("bad"), { recursive: true });
  afterAll(() => rmSync(inside("bad"), { recursive: true, force: true }));
  const weights = "checkpoints/step-2/weights.safetensors";
  const edit = (name: string, change: (text: string) => string): void =>
    writeFileSync(inside("bad", name), change(readFileSync(inside("bad", name), "latin1")), "latin1");
  /** A weights file with another header, whose data are kept. */
  const withHeader = (change: (header: Record<string, { shape: number[] }>) => object): void => {
    const bytes = readFileSync(inside("bad", weights));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, { shape: number[] }>;
    const text = JSON.stringify(change(header)).padEnd(Math.ceil(length / 8) * 8 + 64);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(inside("bad", weights), Buffer.concat([size, Buffer.from(text), bytes.subarray(8 + length)]));
  };

  test.each<[string, () => void, RegExp]>([
    ["that is not there", () => rmSync(inside("bad"), { recursive: true }), /^bad: not a run folder, got nothing/],
    ["that is not a run", () => rmSync(inside("bad/run.json")), /^bad: not a run folder, got no run\.json/],
    [
      "from a newer version",
      () => edit("run.json", (text) => text.replace('"formatVersion": 2', '"formatVersion": 99')),
      /^bad\/run\.json: written by Latentkit .*, got format 99, expected at most 2/,
    ],
    [
      "from an earlier version",
      () => edit("run.json", (text) => text.replace('"formatVersion": 2', '"formatVersion": 1')),
      /^bad\/run\.json: of an earlier format that is no longer read, got format 1, expected 2; train it again$/,
    ],
    ["with a torn run.json", () => edit("run.json", (text) => text.slice(0, 100)), /run\.json: not valid JSON/],
    [
      "of an unknown model",
      () => edit("run.json", (text) => text.replace('"model": "vae"', '"model": "../vae"')),
      /unknown model, got "\.\.\/vae"/,
    ],
    [
      "of a model whose name drives the terminal",
      () => edit("run.json", (text) => text.replace('"model": "vae"', '"model": "\\u001b[2Jvae"')),
      /unknown model, got "\\u\{1b\}\[2Jvae"/,
    ],
    [
      "of examples without a shape",
      () => edit("run.json", (text) => text.replace(/"shape": \[[^\]]*\]/, '"shape": []')),
      /run\.json: "data\.shape": got an array of 0/,
    ],
    [
      "with a setting out of range",
      () => edit("run.json", (text) => text.replace('"latentDim": 2', '"latentDim": -2')),
      /run\.json: config: "latentDim": got -2/,
    ],
    ["with truncated weights", () => edit(weights, (text) => text.slice(0, -1000)), /weights\.safetensors/],
    ["with a damaged byte", () => edit(weights, (text) => `${text.slice(0, -1)}~`), /damaged, got bytes whose SHA-256/],
    [
      "whose header lies about its size",
      () => edit(weights, (text) => `\xff\xff\xff\xff\xff\xff\xff\x7f${text.slice(8)}`),
      /weights\.safetensors/,
    ],
    [
      "with a huge shape",
      () =>
        withHeader((header) => ({
          ...header,
          huge: { dtype: "F32", shape: [2 ** 31, 2 ** 21], data_offsets: [0, 2 ** 54] },
        })),
      /weights\.safetensors/,
    ],
    [
      "with a path for a name",
      () => withHeader(({ ["decoder.mlp.layers.0.bias"]: tensor, ...rest }) => ({ ...rest, "../../escape": tensor })),
      /weights\.safetensors/,
    ],
    [
      "whose weights are a link",
      () => {
        rmSync(inside("bad", weights));
        symlinkSync("/etc/passwd", inside("bad", weights));
      },
      /not a file, got a link or device/,
    ],
  ])("%s", async (_, spoil, message) => {
    copy();
    spoil();
    expect(await refusal("sample", "bad")).toMatch(message);
    expect(await refusal("train", "vae", "--resume", "--out", "bad", "--epochs", "3")).toMatch(/./);
    rmSync(inside("bad"), { recursive: true, force: true });
    expect(readdirSync(latentkit.folder)).toEqual(["run"]);
  });

  test("of another shape than its data is not trained on", async () => {
    copy();
    edit("run.json", (text) => text.replace(/"shape": \[[^\]]*\]/, '"shape": [784]'));
    expect(await refusal("train", "vae", "--resume", "--out", "bad", "--steps", "3")).toBe(
      'bad/run.json: "data.shape" is not that of its data, got [784], expected [1, 28, 28]',
    );
    rmSync(inside("bad"), { recursive: true });
  });

  test("without a checkpoint is not one to sample from", async () => {
    copy();
    rmSync(inside("bad/checkpoints"), { recursive: true });
    expect(await refusal("sample", "bad")).toMatch(/^bad: no checkpoint yet, got none, expected at least one$/);
    rmSync(inside("bad"), { recursive: true });
  });

  test("--out that exists", async () => {
    const before = readdirSync(inside("run"), { recursive: true });
    expect(await refusal("train", "vae", ...small, "--out", "run")).toBe(
      "--out: run exists, got a folder with files in it, expected a new folder, or --resume to resume that run",
    );
    expect(readdirSync(inside("run"), { recursive: true })).toEqual(before);
  });
});

test("a device that is not there", async () => {
  const probe = await latentkit.run("doctor", "--json");
  const { devices } = JSON.parse(probe.stdout) as { devices: { name: string; works: boolean }[] };
  const missing = devices.filter(({ works }) => !works).map(({ name }) => name);
  for (const name of missing) {
    const said = await refusal("train", "vae", ...small, "--device", name, "--out", "new");
    expect(said).toMatch(new RegExp(`^device: ${name} .*, got .*, expected .*; `));
  }
  expect(existsSync(inside("new"))).toBe(false);
  expect(devices.map(({ name }) => name)).toEqual(["cpu", "webgpu", "cuda", "wasm"]);
});

test("no ONNX Runtime at all is an error that says how to get one, and a finding for doctor", () => {
  // Not below the other package, whose node_modules would be found.
  const bare = mkdtempSync(join(tmpdir(), "latentkit-bare-"));
  onTestFinished(() => rmSync(bare, { recursive: true }));
  cpSync(join(latentkit.root, "dist"), join(bare, "dist"), { recursive: true });
  cpSync(join(latentkit.root, "package.json"), join(bare, "package.json"));
  const { dependencies } = JSON.parse(readFileSync(join(bare, "package.json"), "utf8")) as { dependencies: object };
  const bring = (name: string): void => {
    const place = join(bare, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(realpathSync(join(latentkit.root, "node_modules", name)), place);
  };
  Object.keys(dependencies).forEach(bring);
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(bare, "dist/cli/main.js"), ...args], { cwd: latentkit.folder, encoding: "utf8" });

  const { status, stderr } = run("train", "vae", ...small, "--out", "new");
  expect(stderr).toMatch(
    /^latentkit: device: there is none, got neither onnxruntime-node, which npm leaves out where its install script cannot download, nor [^\n]* npm install onnxruntime-node\n$/,
  );
  expect(status).toBe(2);
  expect(existsSync(inside("new"))).toBe(false);

  const { devices, auto } = JSON.parse(run("doctor", "--json").stdout) as {
    devices: { works: boolean }[];
    auto: { problem: string };
  };
  expect(devices.map(({ works }) => works)).toEqual([false, false, false, false]);
  expect(auto.problem).toMatch(/^device: there is none/);
  expect(run("doctor").stdout).toMatch(
    /^cpu +not available: onnxruntime-node is not installed: npm leaves it out .*\n +install it with: .* npm install /m,
  );
  expect(run("models").status).toBe(0);
  expect(run("train", "vae", ...small, "--device", "cpu", "--out", "new").stderr).toMatch(
    /^latentkit: device: the package onnxruntime-node cannot be loaded, got [^\n]*, expected it beside latentkit; install it with: [^\n]*\n$/,
  );

  // WebAssembly, which is many times slower, does not take its place unsaid.
  bring("onnxruntime-web");
  const said =
    / \((?:auto: )?onnxruntime-node is not installed: .*; install it with: .* npm install onnxruntime-node\)$/m;
  expect(run("doctor").stdout).toMatch(said);
  const trained = run("train", "vae", ...small, "--out", "bare-run");
  expect([trained.status, trained.stderr]).toEqual([0, expect.stringMatching(said)]);
  const sampled = run("sample", "bare-run", "--count", "4");
  expect([sampled.status, sampled.stderr]).toEqual([0, expect.stringMatching(said)]);
});

describe("a full disk", () => {
  let mounted = false;
  beforeAll(() => {
    mkdirSync(inside("disk"));
    mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=500k", "tmpfs", inside("disk")]).status === 0;
  });
  afterAll(() => {
    if (mounted) execFileSync("umount", [inside("disk")]);
    rmSync(inside("disk"), { recursive: true });
  });

  test("ends training in one line and keeps the last good checkpoint", async ({ skip }) => {
    if (!mounted) skip("this process may not mount a small disk");
    const wide = ["--set", "hiddenDims=16", "--checkpoint-every", "1"];
    const { code, stderr } = await latentkit.run("train", "vae", ...small, ...wide, "--out", "disk/run");
    expect(code).toBe(2);
    expect(stderr).toMatch(/\nlatentkit: [^\n]*cannot write, got ENOSPC \(no space left on device\)[^\n]*\n$/);
    expect(readdirSync(inside("disk/run/checkpoints"))).toEqual(["step-1"]);
    expect((await latentkit.run("sample", "disk/run", "--out", "s.png")).code).toBe(0);
    rmSync(inside("s.png"));
  });
});

test.skipIf(!existsSync("/dev/full"))("standard output on a full disk (skipped without /dev/full)", () => {
  const main = join(latentkit.root, "dist/cli/main.js");
  for (const command of ["models", "data list --json", "sample run --out s.png", "--help"]) {
    const script = `"${process.execPath}" "${main}" ${command} > /dev/full`;
    const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: latentkit.folder, encoding: "utf8" });
    expect(stderr).toMatch(/^latentkit: stdout: cannot write, got ENOSPC \(no space left on device\), [^\n]*\n$/);
    expect(status).toBe(2);
  }
  rmSync(inside("s.png"));
});
