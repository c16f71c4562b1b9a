/** A process that runs tests with one source file changed in memory, as its parent asks, one request at a time. */
import { resolve } from "node:path";
import { createVitest } from "vitest/node";

/** What the parent asks for: tests, in order, with the text of a file in place of its own. */
export interface Request {
  readonly tests: readonly string[];
  readonly changed?: { readonly file: string; readonly text: string };
}

/** The first test file that fails, with its first message. */
export interface Answer {
  readonly failed?: string | undefined;
  readonly message?: string | undefined;
  /** Of each test file that was run, by name. */
  readonly durationsMs: Readonly<Record<string, number>>;
}

let changed: { readonly path: string; readonly text: string } | undefined;

const vitest = await createVitest(
  "test",
  // Many modules are the same from one test file to the next: they are loaded once a request.
  { watch: false, bail: 1, reporters: [{}], isolate: false, pool: "forks", maxWorkers: 1 },
  {
    plugins: [
      {
        name: "mutation",
        enforce: "pre",
        transform: (_, id) => (id.split("?")[0] === changed?.path ? changed?.text : undefined),
      },
    ],
  },
);
await vitest.standalone();

async function answer({ tests, changed: given }: Request): Promise<Answer> {
  changed = given && { path: resolve(given.file), text: given.text };
  if (changed) vitest.invalidateFile(changed.path);
  const durationsMs: Record<string, number> = {};
  try {
    for (const test of tests) {
      const start = performance.now();
      const specification = vitest.projects[0]!.createSpecification(resolve(test));
      // Results of requests before this one would count as its own, and towards the failures after which tests are skipped.
      vitest.state.filesMap.clear();
      vitest.state.idMap.clear();
      vitest.state.clearErrors();
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification], false);
      durationsMs[test] = performance.now() - start;
      const bad = testModules.find((module) => !module.ok());
      if (bad || unhandledErrors.length > 0) {
        const [first] = [...(bad?.children.allTests("failed") ?? [])].flatMap((found) => found.result().errors ?? []);
        const [error = first] = [...(bad?.errors() ?? []), ...unhandledErrors];
        return { failed: test, message: messageOf(first ?? error), durationsMs };
      }
    }
    return { durationsMs };
  } finally {
    if (changed) vitest.invalidateFile(changed.path);
    changed = undefined;
  }
}

function messageOf(error: unknown): string {
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : error;
  return String(message).split("\n")[0]!.slice(0, 200);
}

process.on("message", (request: Request) => {
  void answer(request).then((found) => process.send!(found));
});
process.on("disconnect", () => process.exit());
process.send!("ready");
