import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, ShapeError } from "../errors.ts";
import { Variable } from "../graph/tensor.ts";
import type { Device } from "./device.ts";
import type { HostArray } from "./host-array.ts";
import { cpuDevice } from "./node.ts";
import { createVariables, DeviceVariables, HostVariables } from "./variables.ts";

const zero = { kind: "constant", value: 0 } as const;
const variable = (shape: readonly number[], dtype: Variable["dtype"] = "float32"): Variable =>
  new Variable(shape, zero, { dtype });

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const examples: readonly (readonly [Variable, HostArray])[] = [
  [variable([2, 3]), Float32Array.of(1, -2.5, 0, 1e30, NaN, -0)],
  [variable([3], "float64"), Float64Array.of(Math.PI, -1e300, 0)],
  [variable([2], "int64"), BigInt64Array.of(-(2n ** 60n), 7n)],
  [variable([5], "bool"), Uint8Array.of(1, 0, 0, 1, 1)],
  [variable([]), Float32Array.of(3)],
];

// The CPU stands in for a device that keeps its own buffers: the store's part is the same.
describe.each(["host", "device"] as const)("variables kept by the %s", (residency) => {
  const store = () => createVariables({ ...cpu, residency }, [...examples.map(([v]) => v), variable([1])]);

  test("what is written is read back, of every dtype and rank", async () => {
    const held = store();
    for (const [v, data] of examples) await held.write(v, data);
    for (const [v, data] of examples) expect(await held.read(v)).toEqual(data);
    for (const [v, data] of examples) await held.write(v, data.toReversed());
    for (const [v, data] of examples) expect(await held.read(v)).toEqual(data.toReversed());
    await held.release();
  });

  test("what is read is a copy, and so is what is kept", async () => {
    const held = store();
    const [v] = examples[0]!;
    const given = new Float32Array(6).fill(1);
    await held.write(v, given);
    given.fill(2);
    (await held.read(v)).fill(3 as never);
    expect(await held.read(v)).toEqual(new Float32Array(6).fill(1));
    await held.release();
  });

  test("an array of another length or kind is refused", async () => {
    const held = store();
    const [v] = examples[0]!;
    const wrote = (data: HostArray) => async () => held.write(v, data);
    await expect(wrote(new Float32Array(5))).rejects.toThrow(
      new ShapeError(
        "variables: the array does not fit, got a Float32Array of 5, expected a Float32Array of 6 for float32[2,3]",
      ),
    );
    await expect(wrote(new Float64Array(6))).rejects.toThrow("got a Float64Array of 6, expected a Float32Array of 6");
    await held.release();
  });

  test("a variable that is not there is refused", async () => {
    const held = store();
    expect(() => held.feed(variable([7]))).toThrow("variables: one of shape [7]");
    await held.release();
    expect(() => held.feed(examples[0]![0])).toThrow("variables: one of shape [2,3]");
  });
});

describe("one WebAssembly memory", () => {
  test("holds the variables in the order given, each on 64 bytes of its own", async () => {
    const variables = [variable([17]), variable([3], "float64"), variable([16]), variable([], "bool"), variable([1])];
    const store = new HostVariables(cpu, variables);
    expect(variables.map((v) => store.address(v))).toEqual([0, 128, 192, 256, 320]);
    expect(variables.map((v) => store.extent(v))).toEqual([128, 64, 64, 64, 64]);
    await store.write(variables[2]!, new Float32Array(16).fill(5));
    const memory = new Float32Array(store.memory.buffer);
    expect([memory[47], memory[48], memory[63], memory[64]]).toEqual([0, 5, 5, 0]);
  });

  test("cannot hold more than 4 GiB, and says so before allocating", () => {
    const large = [variable([32768, 16384]), variable([32768, 16384]), variable([1])];
    expect(() => new HostVariables(cpu, large)).toThrow(ConfigError);
    expect(() => new HostVariables(cpu, large)).toThrow(/got 4294967360 bytes, expected at most 4294967296/);
  });

  test("swaps a variable with its next value, without copying", async () => {
    const v = variable([2]);
    const store = new HostVariables(cpu, [v]);
    await store.write(v, Float32Array.of(1, 2));
    const first = store.feed(v);
    const spare = store.next(v);
    expect(spare).not.toBe(first);
    (spare.data as Float32Array).set([3, 4]);
    store.commit(v, spare);
    expect(await store.read(v)).toEqual(Float32Array.of(3, 4));
    expect(store.next(v)).toBe(first);
  });
});

test("a device's copies to and from the host are compiled once for each type", async () => {
  let loads = 0;
  const counting: Device = { ...cpu, residency: "device", load: (...model) => (loads++, cpu.load(...model)) };
  const store = new DeviceVariables(counting);
  const variables = [variable([4]), variable([4]), variable([2, 2])];
  for (const v of variables) await store.write(v, new Float32Array(4).fill(1));
  for (const v of variables) await store.write(v, new Float32Array(4).fill(2));
  expect(loads).toBe(2);
  for (const v of variables) expect(await store.read(v)).toEqual(new Float32Array(4).fill(2));
  expect(loads).toBe(4);
  await store.release();
});
