import { ConfigError } from "../../errors.ts";
import type { FileContent, RunStore } from "./store.ts";

/** Makes a run's place with these files. Throws ConfigError where it is taken or the disk refuses. */
export async function makePlace(store: RunStore, files: ReadonlyMap<string, FileContent>): Promise<void> {
  const found = await store.create(files);
  if (found !== undefined) throw placeTaken(store, found);
}

export const placeTaken = ({ path }: RunStore, found: string): ConfigError =>
  new ConfigError(`--out: ${path} exists, got ${found}, expected a new folder, or --resume to resume that run`);

/** The same at the first of `<stem>-1`, `<stem>-2`, ... that is free, whoever else does the same. */
export async function makeNextPlace(
  openStore: (path: string) => RunStore,
  stem: string,
  files: ReadonlyMap<string, FileContent>,
): Promise<RunStore> {
  for (let n = 1; ; n++) {
    const store = openStore(`${stem}-${n}`);
    if ((await store.kindOf("")) === "nothing" && (await store.create(files)) === undefined) return store;
  }
}
