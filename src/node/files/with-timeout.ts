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
  call.runInContext(context, { timeout: limitMs });
  return result!.value;
}
