import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: "test/e2e/shared-build.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    // Some build the package first.
    hookTimeout: 120_000,
  },
});
