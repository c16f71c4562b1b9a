import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstExamples } from "../../../src/data/first-examples.ts";
import type { DataSourceOptions } from "../../../src/data/options.ts";
import { openDataSource } from "../../../src/node/data/source.ts";
import type { Fuzzer, Read } from "../fuzzing/fuzzer.ts";

/** Opens files as data, and reads some examples: part of a file is read only then. */
export const dataReader =
  (options: DataSourceOptions = {}): Fuzzer["reader"] =>
  (folder): Read => {
    // Nothing is kept from one case for the next: with a file in its place, there is no cache.
    const cache = join(folder, "cache");
    writeFileSync(cache, "");
    process.env["LATENTKIT_CACHE"] = cache;
    return async ({ name, bytes }) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const { train } = await openDataSource(path, options);
      return firstExamples(train, 16);
    };
  };

export const text = (content: string): Uint8Array => new TextEncoder().encode(content);
