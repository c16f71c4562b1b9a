import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { arrayDatasets } from "../arrays/array-dataset.ts";
import { encodeNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { readZip } from "./zip.ts";
import { type Packed, zip as zipBytes } from "../../../test/zip-file.ts";

const zip = (...of: Parameters<typeof zipBytes>): File => new File([zipBytes(...of)], "a.npz");
const array = (shape: readonly number[], values: readonly number[]) =>
  new Uint8Array(Buffer.concat(encodeNpy(shape, Float32Array.from(values))));
const x = array([2, 2], [1, 2, 3, 4]);
const y = array([2], [0, 1]);

test.each([
  ["stored", {}, {}],
  ["deflated", { deflate: true }, {}],
  ["with ZIP64 sizes", { deflate: true }, { zip64: true }],
])("examples and labels, %s", async (_, how, options) => {
  const file = zip(
    [
      { name: "x.npy", bytes: x, ...how },
      { name: "y.npy", bytes: y, ...how },
    ],
    options,
  );
  const { whole } = await readNpz(file);
  expect(whole).toEqual({
    examples: { name: "a.npz/x.npy", shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) },
    labels: { name: "a.npz/y.npy", shape: [2], values: Float32Array.of(0, 1) },
  });
});

test.each([
  [["x_train", "y_train", "x_test", "y_test"], { train: true, test: true }],
  [
    ["train_images", "train_labels", "val_images", "val_labels", "test_images"],
    { train: true, validation: true, test: false },
  ],
  [["train", "valid", "test"], { train: false, validation: false, test: false }],
  [["X", "target"], { whole: true }],
  [["imgs", "latents_values", "metadata"], { whole: false }],
  [["anything"], { whole: false }],
  [["y"], { whole: false }],
])("keys %s", async (keys, expected) => {
  const parts = await readNpz(zip(keys.map((key) => ({ name: `${key}.npy`, bytes: x }))));
  expect(Object.fromEntries(Object.entries(parts).map(([part, { labels }]) => [part, labels !== undefined]))).toEqual(
    expected,
  );
});

test("any other array of numbers with a row for each example is a field of its part", async () => {
  const file = zip([
    { name: "x_train.npy", bytes: array([3, 2], [1, 2, 3, 4, 5, 6]) },
    { name: "x_test.npy", bytes: array([2, 2], [1, 2, 3, 4]) },
    { name: "smile_test.npy", bytes: array([2], [8, 9]) },
    { name: "smile_train.npy", bytes: array([3], [0, 1, 0]) },
    { name: "train_Other.view.npy", bytes: array([3, 1, 2], [1, 2, 3, 4, 5, 6]) },
    { name: "mean.npy", bytes: array([2], [3, 4]) },
    { name: "notes_train.npy", bytes: new TextEncoder().encode("no array") },
  ]);
  const { train, test: tested } = await arrayDatasets("set", await readNpz(file));
  expect(train!.fields).toEqual({
    smile: { kind: "numbers", shape: [1], values: Float32Array.of(0, 1, 0) },
    Other_view: { kind: "numbers", shape: [1, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  });
  expect(tested!.fields).toEqual({ smile: { kind: "numbers", shape: [1], values: Float32Array.of(8, 9) } });
});

describe("refused", () => {
  const bomb = { name: "x.npy", bytes: new Uint8Array(5e6), deflate: true };
  test.each([
    [
      "no examples",
      [
        { name: "a.npy", bytes: x },
        { name: "b.npy", bytes: x },
      ],
      /no examples, got keys a, b, expected x/,
    ],
    [
      "two of one role",
      [
        { name: "x.npy", bytes: x },
        { name: "data.npy", bytes: x },
      ],
      /two arrays for one role/,
    ],
    ["a name that climbs", [{ name: "../x.npy", bytes: x }], /an entry's name has a path, got "\.\.\/x\.npy"/],
    ["an absolute name", [{ name: "/etc/x.npy", bytes: x }], /name has a path/],
    ["a Windows path", [{ name: "C:\\x.npy", bytes: x }], /name has a path/],
    [
      "one name twice",
      [
        { name: "x.npy", bytes: x },
        { name: "x.npy", bytes: x },
      ],
      /two entries of one name/,
    ],
    ["encryption", [{ name: "x.npy", bytes: x, lies: { flags: 1 } }], /x\.npy: encrypted/],
    ["another method", [{ name: "x.npy", bytes: x, lies: { method: 12 } }], /got method 12/],
    ["a size no DEFLATE reaches", [{ ...bomb, lies: { size: 1e9 } }], /sizes that disagree, got .* for 1000000000/],
    ["more bytes than claimed", [{ ...bomb, lies: { size: 144 } }], /truncated|does not unpack|not a NumPy array/],
    [
      "fewer bytes than claimed",
      [{ name: "x.npy", bytes: x, deflate: true, lies: { size: x.length + 4 } }],
      /claims 16 bytes/,
    ],
    [
      "entries on top of each other",
      Array.from({ length: 9 }, (_, i) => ({ name: `x${i}.npy`, bytes: x, lies: { packed: 500, size: 500 } })),
      /entries overlap/,
    ],
    [
      "a wrong checksum",
      [{ name: "x.npy", bytes: x, lies: { crc: 1 } }],
      /x\.npy: damaged, got checksum [0-9a-f]{8}, expected 00000001/,
    ],
    [
      "an entry elsewhere",
      [{ name: "x.npy", bytes: x, lies: { offset: 3 } }],
      /damaged, got no entry where the directory says/,
    ],
  ] as readonly [string, readonly Packed[], RegExp][])("%s", async (_, entries, message) => {
    const reading = readNpz(zip(entries));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });

  test("a stream that goes on is cut at the size it claims", async () => {
    const files = await readZip(zip([{ ...bomb, lies: { size: 6000 } }]));
    let read = 0;
    const reading = (async () => {
      for await (const chunk of files.get("x.npy")!.stream()) read += chunk.length;
    })();
    await expect(reading).rejects.toThrow(/does not unpack to the size it claims, got more, expected 6000/);
    expect(read).toBeLessThanOrEqual(6000);
  });

  test("what is no archive, and every truncation", async () => {
    await expect(readNpz(new File(["hello"], "b.npz"))).rejects.toThrow(/^b\.npz: not a ZIP archive/);
    const whole = zip([{ name: "x.npy", bytes: x, deflate: true }]);
    for (let length = 0; length < whole.size; length += 3)
      await expect(readNpz(new File([whole.slice(0, length)], "b.npz"))).rejects.toThrow(DataError);
  });
});

describe("arrays as datasets", () => {
  const examples = (shape: readonly number[], values: Uint8Array | Float32Array) => ({ name: "x", shape, values });
  const one = async (shape: readonly number[], values: Uint8Array | Float32Array, labels?: readonly number[]) => {
    const part = { examples: examples(shape, values) };
    const labeled = labels && { labels: { name: "y", shape: [labels.length], values: Float32Array.from(labels) } };
    return (await arrayDatasets("set", { whole: { ...part, ...labeled } })).whole!;
  };

  test("channels come first", async () => {
    const { shape, values } = await one([2, 1, 2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16));
    expect(shape).toEqual([3, 1, 2]);
    expect(values).toEqual(Uint8Array.of(1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16));
    expect((await one([2, 3, 2, 2], new Uint8Array(24).fill(9, 1))).shape).toEqual([3, 2, 2]);
    expect((await one([3, 2, 2], new Uint8Array(12).fill(9, 1))).shape).toEqual([1, 2, 2]);
    expect((await one([6], Float32Array.of(1, 2, 3, 4, 5, 6))).shape).toEqual([1]);
  });

  test.each([
    ["bytes", [2, 1, 2], Uint8Array.of(0, 9, 5, 200), [0, 255]],
    ["bytes of 0 and 1", [2, 1, 2], Uint8Array.of(0, 1, 1, 0), [0, 1]],
    ["intensities", [2, 2], Float32Array.of(0, 0.25, 0.5, 0.5), [0, 1]],
    ["images of other numbers", [2, 1, 2], Float32Array.of(-1, 0, 1, 3), [-1, 3]],
    ["lists of other numbers", [2, 2], Float32Array.of(-1, 0, 1, 3), null],
  ] as const)("the range of %s", async (_, shape, values, range) => {
    expect((await one(shape, values)).range).toEqual(range);
  });

  test("parts have one scale and one shape", async () => {
    const train = { examples: examples([1, 1, 2], Float32Array.of(-1, 0)) };
    const test = { examples: examples([1, 1, 2], Float32Array.of(4, 0)) };
    const datasets = await arrayDatasets("set", { train, test });
    expect([datasets.train!.range, datasets.test!.range]).toEqual([
      [-1, 4],
      [-1, 4],
    ]);
    await expect(
      arrayDatasets("set", { train, test: { examples: examples([2], new Float32Array(2)) } }),
    ).rejects.toThrow(/^x: examples differ in shape, got \[1\], expected \[1, 1, 2\]/);
  });

  test.each([
    [[2, 2, 2, 5], new Float32Array(40), undefined, /neither images nor lists/],
    [[2, 2], new Float32Array(4).fill(3), undefined, /all values are equal/],
    [[2, 2], Float32Array.of(0, 1, 2, NaN), undefined, /not finite, got NaN/],
    [[2, 2], Float32Array.of(0, 1, 2, 3), [0, 1, 2], /differ in number, got 3, expected 2/],
    [[2, 2], Float32Array.of(0, 1, 2, 3), [0, 0.5], /a label is not a class, got 0.5/],
    [[2, 2], Float32Array.of(0, 1, 2, 3), [-1, 300], /a label is not a class, got -1/],
  ] as const)("%s refused", async (shape, values, labels, message) => {
    await expect(one(shape, values, labels)).rejects.toThrow(message);
  });

  test("classes beyond the 256th keep their number", async () => {
    const { labels, classNames } = await one([3, 1], Float32Array.of(0, 1, 2), [0, 70, 299]);
    expect(Array.from(labels!)).toEqual([0, 70, 299]);
    expect(classNames).toHaveLength(300);
  });
});

describe("labels of text", () => {
  const text = (width: number, values: readonly string[]): Uint8Array => {
    const head = `{'descr': '<U${width}', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117);
    const out = Buffer.alloc(128 + 4 * width * values.length);
    out.set([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
    out.write(`${head}\n`, 10);
    values.forEach((value, i) =>
      Array.from(value).forEach((point, k) => out.writeUInt32LE(point.codePointAt(0)!, 128 + 4 * (width * i + k))),
    );
    return out;
  };
  const archive = (labels: Uint8Array, key = "y") =>
    zip([
      { name: "x.npy", bytes: array([3, 2], [1, 2, 3, 4, 5, 7]) },
      { name: `${key}.npy`, bytes: labels },
    ]);

  test("name the classes, in alphabetical order", async () => {
    const { whole } = await arrayDatasets("set", await readNpz(archive(text(4, ["höme", "cat", "höme"]))));
    expect([whole!.classNames, [...whole!.labels!]]).toEqual([
      ["cat", "höme"],
      [1, 0, 1],
    ]);
  });

  test("are those of the run where another file is read", async () => {
    const parts = await readNpz(archive(text(3, ["cat", "cat", "dog"])));
    const { whole } = await arrayDatasets("set", parts, { classNames: ["ape", "cat", "dog"] });
    expect([whole!.classNames, [...whole!.labels!]]).toEqual([
      ["ape", "cat", "dog"],
      [1, 1, 2],
    ]);
    await expect(arrayDatasets("set", parts, { classNames: ["cat"] })).rejects.toThrow(
      /y\.npy: a label is no class known before, got "dog" for example 2, expected one of cat/,
    );
  });

  test("as bytes are read too, and text that is no label is no field", async () => {
    const bytes = Buffer.from(text(3, ["a", "b", "a"]));
    bytes.write("'|S1' ", 11);
    const short = Buffer.concat([bytes.subarray(0, 128), Buffer.from("aba")]);
    short.write(`{'descr': '|S1', 'fortran_order': False, 'shape': (3,), }`.padEnd(117), 10);
    const { whole } = await arrayDatasets("set", await readNpz(archive(short)));
    expect([...whole!.labels!]).toEqual([0, 1, 0]);
    expect((await readNpz(archive(text(3, ["a", "b", "c"]), "notes"))).whole!.fields).toBeUndefined();
  });

  test("of no characters, of which a file holds any number, are refused", async () => {
    const none = Buffer.from(text(0, []));
    none.write("(9999999999,), }", none.indexOf("(0,), }"));
    await expect(readNpz(archive(none))).rejects.toThrow("text of no characters, got type U0, expected some");
  });
});
