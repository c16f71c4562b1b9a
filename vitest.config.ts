import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Short files that take longest, which would end last, each on one core while the other idles: Vitest begins with large files. */
const long = ["test/browser/conformance", "test/model-suite", "test/torture/torture", "test/tools", "test/e2e/"];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = long.findIndex((name) => moduleId.replaceAll("\\", "/").includes(`/${name}`));
      return found < 0 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: "test/e2e/shared-build.ts",
    sequence: { sequencer: LongFirst },
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    // Some build the package first.
    hookTimeout: 120_000,
  },
});
