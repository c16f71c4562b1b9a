import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asMlflow, mlflowServer, type MlflowServer } from "../../../test/mlflow-server.ts";
import { findModel } from "../../models/registry.ts";
import type { TrainingEvent } from "../../runs/training-event.ts";
import { trainingSettings } from "../../training/settings.ts";
import { startRun } from "../runs.ts";

let folder: string;
let server: MlflowServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-hostile-"));
  server = await mlflowServer();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Followed {
  readonly warnings: readonly string[];
  /** The longest wait for an event, and for the end after the last, in ms. */
  readonly longestMs: number;
  readonly closeMs: number;
}

/** Trains a small model. The server is MLflow's until there is a run, then `hostile`. */
async function trained(hostile: MlflowServer["answer"], onDone = (): void => {}): Promise<Followed> {
  const definition = findModel("vae");
  const training = await startRun(
    {
      definition,
      config: { hiddenDims: [4], latentDim: 2 },
      settings: trainingSettings.parse({
        batchSize: 20,
        threads: 1,
        device: "cpu",
        steps: 200,
        mlflow: server.address,
      }),
      data: "digits:100",
      binarize: "auto",
      seed: 0,
    },
    { out: join(folder, "run") },
  );
  server.answer = hostile;
  const warnings: string[] = [];
  let [beforeMs, longestMs] = [performance.now(), 0];
  let last: TrainingEvent["kind"] | undefined;
  for await (const event of training.train()) {
    if (last !== "done") {
      longestMs = Math.max(longestMs, performance.now() - beforeMs);
      last = event.kind;
    }
    if (event.kind === "warning") warnings.push(event.message);
    if (event.kind === "done") onDone();
    beforeMs = performance.now();
  }
  const closeMs = performance.now() - beforeMs;
  await training.close();
  expect(last).toBe("done");
  return { warnings, longestMs, closeMs };
}

/** Answers 200, then a piece each so many ms, without end, until the client goes. */
function drip(response: ServerResponse, piece: string | Buffer, everyMs: number, onPiece = (): void => {}): true {
  response.writeHead(200);
  const more = setInterval(() => {
    // As fast as the client reads, and no faster.
    if (!response.writableNeedDrain && response.write(piece)) onPiece();
  }, everyMs);
  response.on("close", () => clearInterval(more));
  return true;
}

test("a silent server holds up no step, and the end for seconds", async () => {
  const { warnings, longestMs, closeMs } = await trained(() => true);
  expect(longestMs).toBeLessThan(1500);
  expect(closeMs).toBeLessThan(5000);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^--mlflow: http:\S+ does not answer, got "The operation was aborted due to timeout", expected an MLflow server; \d+ metrics were not sent, .*run has everything$/,
    ),
  ]);
});

test("a server that dies at the end costs a warning", async () => {
  const { warnings } = await trained(asMlflow, () => void server.close());
  expect(warnings.at(-1)).toMatch(
    /^--mlflow: http:\S+ does not answer, got ".+", expected an MLflow server; .+ has everything$/,
  );
});

test("a server that refuses everything costs two warnings: when it begins, and at the end", async () => {
  const { warnings, longestMs } = await trained((_, response) => {
    response.writeHead(500).end("no");
    return true;
  });
  expect(longestMs).toBeLessThan(1500);
  expect(warnings).toEqual([
    `--mlflow: ${server.address} refuses, got status 500 "no", expected it to accept the run; training continues, and missed metrics are sent later`,
    expect.stringMatching(/ refuses, got status 500 "no", .*; \d+ metrics were not sent, /),
  ]);
  // A few pauses, each twice as long, and two attempts at the end.
  expect(server.calls.length).toBeLessThan(12);
});

test("an endless answer is not read to its end", async () => {
  let sent = 0;
  const piece = Buffer.alloc(2 ** 18, 32);
  const { warnings } = await trained((_, response) => drip(response, piece, 1, () => (sent += piece.length)));
  expect(warnings.at(-1)).toMatch(/ does not answer, got "an answer of more than 1048576 bytes", /);
  expect(sent / server.calls.length).toBeLessThan(2 ** 24);
});

test("an answer that drips holds up no step, and the end for seconds", async () => {
  const { warnings, longestMs, closeMs } = await trained((_, response) => drip(response, " ", 50));
  expect(longestMs).toBeLessThan(1500);
  expect(closeMs).toBeLessThan(5000);
  expect(warnings.at(-1)).toMatch(/ does not answer, got "The operation was aborted due to timeout", /);
});
