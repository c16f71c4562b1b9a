import { createContext, Script } from "node:vm";

const call = new Script("run()");
const context = createContext({ run: (): void => {} });

/** What `run` returns, where it does so within so many ms: code that never ends is stopped, and throws an Error. */
export function inTime<T>(limitMs: number, run: () => T): T {
  let result: { readonly value: T } | undefined;
  // The limit holds for whatever a script calls, functions from outside of its context too.
  context["run"] = () => {
    result = { value: run() };
  };
  try {
    call.runInContext(context, { timeout: limitMs });
  } catch (cause) {
    if (!isTimeout(cause)) throw cause;
    throw new Error(`no end within ${limitMs} ms`, { cause });
  }
  return result!.value;
}

/** The error of a timeout is one of the context, which has an Error class of its own: `instanceof Error` is false for it. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
