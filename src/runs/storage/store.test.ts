import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { CheckpointError, ConfigError } from "../../errors.ts";
import { FileStore } from "../../node/files/file-store.ts";
import { MemoryStore, memoryStores } from "./memory-store.ts";
import { type FileContent, readText, type RunStore } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const places: readonly (readonly [string, (path: string) => RunStore])[] = [
  ["files", (path) => new FileStore(path)],
  ["memory", (path) => new MemoryStore(path)],
];

describe.each(places)("a run's store of %s", (_, open) => {
  let store: RunStore;
  beforeEach(() => {
    store = open(join(folder, `run-${++count}`));
  });
  const files = (...entries: [string, FileContent][]): ReadonlyMap<string, FileContent> => new Map(entries);
  const text = (name: string): Promise<string> => readText(store, name, 1000);
  async function* pieces(...bytes: number[]): AsyncGenerator<Uint8Array> {
    for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
  }

  describe("that does not exist yet", () => {
    test("holds nothing, and is made with its first files", async () => {
      expect([await store.kindOf(""), await store.kindOf("run.json"), await store.kindOf("a/b")]).toEqual(
        Array(3).fill("nothing"),
      );
      expect(await store.create(files(["run.json", "{}"]))).toBeUndefined();
      expect([await store.kindOf(""), await store.kindOf("run.json")]).toEqual(["folder", "file"]);
      expect(await text("run.json")).toBe("{}");
    });

    test("is made by one of those who want it, whole", async () => {
      const made = await Promise.all(
        [1, 2, 3].map((n) => store.create(files(["run.json", String(n)], ["more", String(n)]))),
      );
      expect(made.filter((found) => found === undefined)).toHaveLength(1);
      expect(await text("more")).toBe(await text("run.json"));
      expect(await store.create(files(["run.json", "again"]))).toBe("a folder with files in it");
      expect(await text("run.json")).not.toBe("again");
    });

    test("is not written into", async () => {
      await expect(store.write("run.json", "{}")).rejects.toThrow(ConfigError);
      await expect(store.write("run.json", "{}")).rejects.toThrow("run.json: cannot write, got ");
      await store.makeFolder("");
      await store.write("run.json", "{}");
      expect(await text("run.json")).toBe("{}");
    });
  });

  describe("of a run", () => {
    beforeEach(async () => {
      await store.create(files(["run.json", "{}"]));
    });

    test("names its files in messages", async () => {
      expect([store.pathOf(""), store.pathOf("a/b.c")]).toEqual([store.path, join(store.path, "a/b.c")]);
      for (const name of ["../outside", "/etc", "a//b", ".hidden", "a/../b", "a\\b", "a/"])
        expect(() => store.pathOf(name)).toThrow("not the name of a run's file");
      await expect(store.open("none")).rejects.toThrow(
        new CheckpointError(`${store.pathOf("none")}: missing, got nothing, expected a file`),
      );
      await expect(store.open("none/deeper")).rejects.toThrow("deeper: missing, got nothing, expected a file");
      await store.makeFolder("sub");
      await expect(store.open("sub")).rejects.toThrow("sub: not a file, got a folder, expected a regular file");
    });

    test("gives back what was written, in parts too", async () => {
      await store.write("empty", "");
      await store.write("text", "one");
      await store.write("text", "twö");
      await store.write("bytes", pieces(1, 2, 3, 4, 5));
      expect([await text("empty"), await text("text")]).toEqual(["", "twö"]);
      const file = await store.open("bytes");
      const part = new Uint8Array(2);
      await file.read(part, 3);
      expect([file.size, ...part]).toEqual([5, 4, 5]);
      await expect(file.read(part, 4)).rejects.toThrow("bytes: truncated, got 5 bytes, expected 6");
      await file.close();
      await expect(readText(store, "bytes", 4)).rejects.toThrow("bytes: too large, got 5 bytes, expected at most 4");
    });

    test("keeps a copy of the bytes that it was given", async () => {
      const bytes = Uint8Array.of(65, 66);
      await store.write("bytes", [bytes]);
      bytes.fill(0);
      expect(await text("bytes")).toBe("AB");
    });

    test("keeps what was there where a write fails midway", async () => {
      await store.write("text", "whole");
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield Uint8Array.of(65);
        await Promise.reject(new Error("stopped"));
      }
      await expect(store.write("text", failing())).rejects.toThrow("stopped");
      await expect(store.writeFolder("sub", files(["a", "1"], ["b", failing()]))).rejects.toThrow("stopped");
      expect([await text("text"), await store.kindOf("sub")]).toEqual(["whole", "nothing"]);
    });

    test("makes and removes folders", async () => {
      await expect(store.writeFolder("outer/one", files(["a", "1"]))).rejects.toThrow("cannot write, got ");
      await store.makeFolder("outer");
      await store.makeFolder("outer/empty");
      await store.writeFolder("outer/one", files(["a", "1"], ["b", "2"]));
      await store.writeFolder("outer/empty", files(["a", "3"]));
      await store.makeFolder("outer");
      expect((await store.folders("outer")).toSorted()).toEqual(["empty", "one"]);
      expect(await store.folders("")).toEqual(["outer"]);
      expect((await store.files("outer/one")).toSorted()).toEqual(["a", "b"]);
      expect([await store.files("outer"), await store.files("")]).toEqual([[], ["run.json"]]);
      expect([await text("outer/one/b"), await text("outer/empty/a")]).toEqual(["2", "3"]);
      await expect(store.writeFolder("outer/one", files(["a", "4"]))).rejects.toThrow(/one: cannot write, got /);
      await store.removeFolder("outer/one");
      expect([await store.kindOf("outer/one"), await store.kindOf("outer/one/a")]).toEqual(["nothing", "nothing"]);
      expect(await store.folders("outer")).toEqual(["empty"]);
      await expect(store.files("none")).rejects.toThrow(ConfigError);
      await expect(store.folders("none")).rejects.toThrow(ConfigError);
      await expect(store.removeFolder("none")).rejects.toThrow(ConfigError);
    });

    test("does not take a file for a folder", async () => {
      await expect(store.makeFolder("run.json")).rejects.toThrow(
        new CheckpointError(
          `${store.pathOf("run.json")}: not a folder, got a file or link, expected a folder of the run's own`,
        ),
      );
      await expect(store.write("run.json/a", "")).rejects.toThrow("run.json: not a folder, got a file or link");
      await expect(store.open("run.json/a")).rejects.toThrow("run.json: not a folder, got a file or link");
    });

    test("appends to a log, also one that was cut or opened again", async () => {
      const log = await store.openLog("log");
      await log.append("one\n");
      await log.append("two\n");
      await log.sync();
      expect(await text("log")).toBe("one\ntwo\n");
      await store.truncate("log", 4);
      await log.append("2\n");
      await log.close();
      const again = await store.openLog("log");
      await again.append("3\n");
      await again.close();
      expect(await text("log")).toBe("one\n2\n3\n");
      await expect(store.truncate("none", 0)).rejects.toThrow("none: missing");
    });

    test("has one writer at a time, for whom its folders are made", async () => {
      const first = await store.lock(["checkpoints", "samples"]);
      expect((await store.folders("")).toSorted()).toEqual(["checkpoints", "samples"]);
      await expect(store.lock([])).rejects.toThrow(ConfigError);
      await expect(store.lock([])).rejects.toThrow(
        `${store.path}: another process is training into this run, got a lock of `,
      );
      await first.release();
      const second = await store.lock([]);
      // A function that was called already gives up nothing that is another's.
      await first.release();
      await expect(store.lock([])).rejects.toThrow("another process is training");
      await second.release();
    });
  });
});

test("runs in memory are found again by their paths", async () => {
  const open = memoryStores();
  await open("runs/a").create(new Map([["run.json", "a"]]));
  expect(await readText(open("runs/a"), "run.json", 10)).toBe("a");
  expect(await open("runs/b").kindOf("")).toBe("nothing");
  expect(await memoryStores()("runs/a").kindOf("")).toBe("nothing");
});
