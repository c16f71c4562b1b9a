import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { follow } from "../../test/follow-training.ts";
import { findModel } from "../models/registry.ts";
import { cpuDevice } from "../runtime/node.ts";
import { loadRun, resumeRun, startRun } from "./runs.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("who starts, resumes or loads a run hears how far its data are read", async () => {
  const data = join(folder, "rows.parquet");
  const rows = Array.from({ length: 60 }, (_, i) => Math.sin(i));
  const columnData = ["a", "b"].map((name) => ({ name, data: rows, type: "DOUBLE" as const }));
  writeFileSync(data, new Uint8Array(parquetWriteBuffer({ columnData })));
  let heard: string[] = [];
  const onLoadProgress = ({ source, done, total }: { source: string; done: number; total: number }): void =>
    void heard.push(`${source} ${done} of ${total}`);
  const expectHeard = (): void => {
    expect(heard).toEqual([`${data} 60 of 60`]);
    heard = [];
  };
  const request = { definition: findModel("vae"), config: {}, data, binarize: "auto", seed: 0 } as const;
  const settings = { batchSize: 10, epochs: 1, schedule: "constant", device: "cpu", threads: 1 } as const;
  const out = join(folder, "run");
  await follow(await startRun({ ...request, settings }, { out, onLoadProgress }));
  expectHeard();
  await follow(await resumeRun(out, { given: { settings: { epochs: 2 } }, onLoadProgress }));
  expectHeard();
  const loaded = await loadRun(out, await cpuDevice(1), { onLoadProgress });
  expect(heard).toEqual([]);
  await loaded.openData();
  expectHeard();
  await loaded.openDataLike(data);
  expectHeard();
});
