import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { Preview } from "../../evaluation/samples/sampling-loop.ts";
import { examplesPng, jsonOf } from "../answers.ts";
import { isInternal, problemOf } from "../problems.ts";
import type { Arrays } from "../json-arrays.ts";
import type { ServedTask, TaskWatch } from "./served-task.ts";

/** Whether a client wants to see a task on its way. */
export const wantsEvents = (c: Context): boolean => (c.req.header("accept") ?? "").includes("text/event-stream");

/**
 * A task as server-sent events: `step` with {step, steps}, `preview` with {step, first, png} of the rows from `first` on, and at the end `result` with the outputs as
 * JSON, or `error` with a problem document. A client that reads slowly misses steps, not the result.
 */
export async function eventStream(
  c: Context,
  { examplesOf }: ServedTask,
  {
    start,
    onFailure,
  }: { readonly start: (watch: TaskWatch) => Promise<Arrays>; readonly onFailure: (error: unknown) => void },
): Promise<Response> {
  const leaving = new AbortController();
  c.req.raw.signal.addEventListener("abort", () => leaving.abort(), { once: true });
  /** Of each event the last one that is not sent yet. */
  const waiting = new Map<string, () => object>();
  let write: ((event: string, data: string) => Promise<unknown>) | undefined;
  let sent: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    for (const [event, data] of waiting) {
      waiting.delete(event);
      await write?.(event, JSON.stringify(data()));
    }
    sent = undefined;
  };
  const send = (event: string, data: () => object): void => {
    waiting.set(event, data);
    if (write) sent ??= sendAll();
  };
  const work = start({
    signal: leaving.signal,
    onStep: (step, steps) => send("step", () => ({ step, steps })),
    onPreview: ({ step, first, examples }: Preview) =>
      send("preview", () => ({ step, first, png: base64(examplesPng(examplesOf.trained, examples)) })),
  });
  // What is refused at once is no stream.
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, 0))]);
  return streamSSE(c, async (stream) => {
    write = (event, data) => stream.writeSSE({ event, data });
    stream.onAbort(() => leaving.abort());
    try {
      const found = await work;
      await sent;
      await stream.writeSSE({ event: "result", data: JSON.stringify(jsonOf(found)) });
    } catch (error) {
      if (isInternal(error)) onFailure(error);
      await sent;
      await stream.writeSSE({ event: "error", data: problemOf(error).body });
    }
  });
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
