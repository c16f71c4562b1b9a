/** Finds a Python installation with the given libraries, creating `.bench-env` where there is none. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const environment = fileURLToPath(new URL("../.bench-env/bin/python", import.meta.url));
const script = fileURLToPath(new URL("python-env.sh", import.meta.url));

/**
 * @param {string} python
 * @param {readonly string[]} modules
 */
function has(python, modules) {
  const probe = `import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ${JSON.stringify(modules)})))`;
  return spawnSync(python, ["-c", probe], { stdio: "ignore" }).status === 0;
}

/**
 * The first of $LATENTKIT_PYTHON, `.bench-env` and `python3` that has the modules, or why there is none.
 * @param {readonly string[]} modules
 * @param {{ install: boolean }} options
 * @returns {{ python: string } | { absent: string }}
 */
export function findPython(modules, { install }) {
  const candidates = [process.env["LATENTKIT_PYTHON"], environment, "python3"].filter((path) => path !== undefined);
  const found = candidates.find((python) => has(python, modules));
  if (found) return { python: found };
  const missing = `no Python with ${modules.join(" and ")}`;
  if (!install) return { absent: `${missing}; make one with: sh bench/python-env.sh` };
  console.error(`bench: ${missing}; making .bench-env (bench/python-env.sh) ...`);
  const made = spawnSync("sh", [script], { encoding: "utf8" });
  if (made.status === 0 && has(environment, modules)) return { python: environment };
  const lines = `${made.stderr ?? ""}`.trim().split("\n");
  const reason = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return { absent: `${missing}, and bench/python-env.sh could not make one: ${reason}` };
}
