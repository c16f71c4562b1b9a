#!/usr/bin/env node
import { fileError } from "../node/files/file-error.ts";
import { runCommandLine } from "./command-line.ts";
import { reportError } from "./output/report-error.ts";

for (const name of ["stdout", "stderr"] as const)
  process[name].on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no error.
    process.exit(error.code === "EPIPE" ? 0 : reportError(fileError(error, name, "write")));
  });

// Not awaited here: where a model file waits for what never comes, Node would add a warning of its own.
void runCommandLine(process.argv.slice(2));
