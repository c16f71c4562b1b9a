import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { asMlflow, mlflowServer, type MlflowServer } from "../../../test/mlflow-server.ts";
import { ConfigError } from "../../errors.ts";
import { findModel } from "../../models/registry.ts";
import { trainingSettings } from "../../training/settings.ts";
import { type MetricsRecord, readMetrics } from "../../runs/storage/metrics-log.ts";
import { Run } from "../../runs/run.ts";
import { FileStore } from "../files/file-store.ts";
import { resumeRun, startRun } from "../runs.ts";
import type { TrainingEvent, TrainingRun } from "../../runs/training-run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-tracking-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const definition = findModel("vae");
const start = (name: string, settings: object): Promise<TrainingRun> =>
  startRun(
    {
      definition,
      config: definition.config.parse({ hiddenDims: [16], latentDim: 2 }),
      settings: trainingSettings.parse({ batchSize: 20, threads: 1, device: "cpu", epochs: 4, ...settings }),
      data: "digits:100",
      binarize: "auto",
      seed: 0,
    },
    { out: join(folder, name) },
  );
async function follow(training: TrainingRun, stopAt = Infinity): Promise<readonly TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  const ctrlC = new AbortController();
  try {
    for await (const event of training.train(ctrlC.signal)) {
      events.push(event);
      if (event.step >= stopAt) ctrlC.abort();
    }
  } finally {
    await training.close();
  }
  return events;
}
/** What the run's own record says, as `split/name` at a step. */
async function recorded(name: string): Promise<readonly (readonly [key: string, step: number, value: number])[]> {
  const records: MetricsRecord[] = [];
  for await (const record of readMetrics(new FileStore(join(folder, name)))) records.push(record);
  return records.flatMap(({ split, step, metrics }) =>
    Object.entries(metrics).map(([key, value]) => [`${split}/${key}`, step, value] as const),
  );
}

describe("tensorboard", () => {
  const eventFiles = (name: string): readonly Buffer[] =>
    readdirSync(join(folder, name, "tensorboard"))
      .toSorted()
      .map((file) => readFileSync(join(folder, name, "tensorboard", file)));
  /** The messages of an event file. */
  function messages(file: Buffer): readonly Buffer[] {
    const found: Buffer[] = [];
    for (let at = 0; at < file.length;) {
      const length = Number(file.readBigUInt64LE(at));
      found.push(file.subarray(at + 12, at + 12 + length));
      at += length + 16;
    }
    return found;
  }

  test("files hold every metric of the run's record, and the pictures", async () => {
    await follow(await start("board", { tensorboard: true, picturesEvery: 2 }));
    const [file, ...others] = eventFiles("board");
    expect(others).toEqual([]);
    const all = messages(file!).map((message) => message.toString("latin1"));
    expect(all[0]).toContain("brain.Event:2");
    const steps = new Set((await recorded("board")).map(([key, step]) => `${key.split("/")[0]} ${step}`));
    // A version, a start, one message for each measurement, and two pictures.
    expect(all).toHaveLength(2 + steps.size + 2);
    for (const [key, , value] of await recorded("board")) {
      const bytes = Buffer.concat([Buffer.from(key), Buffer.of(0x15), Buffer.from(Float32Array.of(value).buffer)]);
      expect(file!.includes(bytes), key).toBe(true);
    }
    for (const epoch of [2, 4])
      expect(file!.includes(readFileSync(join(folder, `board/samples/epoch-${epoch}.png`)))).toBe(true);
  });

  test("a resumed run gets a second file, from the step it resumes with", async () => {
    await follow(await start("again", { tensorboard: true }), 12);
    await follow(await resumeRun(join(folder, "again")));
    const [, second] = eventFiles("again");
    // step (field 2) 13, then session_log (field 7) with status START.
    expect(messages(second!)[1]!.subarray(-6).toString("hex")).toBe("100d3a020801");
  });

  test("are not written through a link", async () => {
    const outside = mkdtempSync(join(tmpdir(), "latentkit-outside-"));
    await follow(await start("linked", {}), 12);
    symlinkSync(outside, join(folder, "linked", "tensorboard"));
    const resumed = await resumeRun(join(folder, "linked"), { given: { settings: { tensorboard: true } } });
    await expect(follow(resumed)).rejects.toThrow(
      `${join(folder, "linked", "tensorboard")}: not a folder, got a file or link, expected a folder of the run's own`,
    );
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });
});

describe("mlflow", () => {
  let server: MlflowServer;
  beforeEach(async () => {
    server = await mlflowServer();
  });
  afterEach(() => server.close());

  test("gets the settings and every metric, and hears that the run is finished", async () => {
    await follow(await start("sent", { mlflow: `${server.address}/` }));
    expect(server.sent("runs/create")).toMatchObject([{ experiment_id: "7", run_name: "sent" }]);
    const params = server
      .sent("runs/log-batch")
      .flatMap((body) => (body["params"] ?? []) as { key: string; value: string }[]);
    expect(Object.fromEntries(params.map(({ key, value }) => [key, value]))).toMatchObject({
      model: "vae",
      data: "digits:100",
      batchSize: "20",
      hiddenDims: "16",
      latentDim: "2",
    });
    expect(server.metrics().map(({ key, step, value }) => [key, step, value])).toEqual(await recorded("sent"));
    expect(server.sent("runs/update")).toMatchObject([{ run_id: "abc", status: "FINISHED" }]);
    expect((await Run.open(new FileStore(join(folder, "sent")))).info.mlflowRun).toBe("abc");
  });

  test("a resumed run keeps its id", async () => {
    await follow(await start("continued", { mlflow: server.address }), 12);
    expect(server.sent("runs/update")).toMatchObject([{ status: "KILLED" }]);
    await follow(await resumeRun(join(folder, "continued")));
    expect(server.sent("runs/create")).toHaveLength(1);
    expect(server.sent("runs/update").at(-1)).toMatchObject({ run_id: "abc", status: "FINISHED" });
    expect(server.metrics().map(({ key, step, value }) => [key, step, value])).toEqual(await recorded("continued"));
  });

  test("one that fails meanwhile costs a warning and no metric", async () => {
    let refused = 0;
    server.answer = ({ body }, response) => {
      if (!("metrics" in body)) return false;
      refused += 1;
      response.writeHead(503).end("{}");
      return true;
    };
    const training = await start("patchy", { mlflow: server.address });
    const events: TrainingEvent[] = [];
    for await (const event of training.train()) {
      events.push(event);
      if (event.step < 15) continue;
      await expect.poll(() => refused).toBeGreaterThan(0);
      server.answer = asMlflow;
    }
    await training.close();
    const warnings = events.filter((event) => event.kind === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.message).toBe(
      `--mlflow: ${server.address} refuses, got status 503 "{}", expected it to accept the run; training continues, and missed metrics are sent later`,
    );
    const unique = new Map(server.metrics().map(({ key, step, value }) => [`${key} ${step}`, value]));
    expect(unique).toEqual(new Map((await recorded("patchy")).map(([key, step, value]) => [`${key} ${step}`, value])));
  });

  describe("a name and a password", () => {
    beforeEach(() => {
      process.env["MLFLOW_TRACKING_USERNAME"] = "ann";
      process.env["MLFLOW_TRACKING_PASSWORD"] = "secret";
    });
    afterEach(() => {
      for (const name of ["USERNAME", "PASSWORD", "URI"]) delete process.env[`MLFLOW_TRACKING_${name}`];
    });
    const sent = (): ReadonlySet<string | undefined> => new Set(server.calls.map(({ authorization }) => authorization));
    const basic = "Basic YW5uOnNlY3JldA==";

    test("come from the environment", async () => {
      await follow(await start("named", { mlflow: server.address, epochs: 1 }));
      expect(sent()).toEqual(new Set([basic]));
    });

    test("do not go to an address that only the run names", async () => {
      await follow(await start("foreign", { mlflow: server.address }), 6);
      const resumed = async (settings: object): Promise<readonly string[]> => {
        server.calls.length = 0;
        const training = await resumeRun(join(folder, "foreign"), { given: { settings } });
        const stopAt = training.from + 2;
        return (await follow(training, stopAt)).flatMap((event) => (event.kind === "warning" ? [event.message] : []));
      };
      expect(await resumed({})).toEqual([
        `--mlflow: ${server.address} is the run's own address, so your credentials are not sent there; to send them, resume with --mlflow ${server.address}`,
      ]);
      expect(sent()).toEqual(new Set([undefined]));
      expect(await resumed({ mlflow: server.address })).toEqual([]);
      expect(sent()).toEqual(new Set([basic]));
      process.env["MLFLOW_TRACKING_URI"] = server.address;
      expect(await resumed({})).toEqual([]);
      expect(sent()).toEqual(new Set([basic]));
    });
  });

  test.each([
    ["ftp://x", '--mlflow: not the address of a server, got "ftp://x", expected http://host:port; '],
    [
      "http://ann:secret@host",
      '--mlflow: not the address of a server, got "http://...@host", expected http://host:port; ',
    ],
    ["nowhere", '--mlflow: not the address of a server, got "nowhere", expected http://host:port; '],
    ["http://127.0.0.1:1", '--mlflow: http://127.0.0.1:1 does not answer, got "'],
  ])("%s is refused before a run is made", async (mlflow, message) => {
    const refused = start("refused", { mlflow });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(message);
    expect(readdirSync(folder)).not.toContain("refused");
  });
});
