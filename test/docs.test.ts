import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ZodType } from "zod";
import { settingsOf, settingText } from "../src/settings-schema.ts";
import { trainOptions } from "../src/cli/options/train-options.ts";
import { registry } from "../src/models/registry.ts";

const root = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith(".md"),
);

interface Block {
  readonly language: string;
  /** Index of the line after the opening fence, and of the closing fence. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const lines = page.split("\n");
  const fences = lines.flatMap((line, i) => (line.startsWith("```") ? [i] : []));
  return Array.from({ length: fences.length / 2 }, (_, k) => {
    const [open, to] = [fences[2 * k]!, fences[2 * k + 1]!];
    const text = lines.slice(open + 1, to).join("\n");
    return { language: lines[open]!.slice(3), from: open + 1, to, text };
  });
}

describe("docs/how-it-works.md", () => {
  const page = read("docs/how-it-works.md");
  const blocks = blocksOf(page);
  const code = blocks.filter(({ language }) => language === "ts");
  const marker = (block: Block): string => `end of the code before line ${block.to + 1}`;
  /** What a block of code prints: the block of text under it, with nothing but blank lines between. */
  const promised = (block: Block): string => {
    const next = blocks[blocks.indexOf(block) + 1];
    const between = next && page.split("\n").slice(block.to + 1, next.from - 1);
    return next?.language === "text" && between!.every((line) => line === "") ? next.text : "";
  };
  const folder = mkdtempSync(join(tmpdir(), "latentkit-docs-"));
  const file = join(folder, "how-it-works.ts");
  const printed = new Map<string, string>();

  beforeAll(async () => {
    // Every line stays where it is on the page, so that an error's line number is the page's.
    const lines = page.split("\n").map(() => "");
    for (const block of code) {
      block.text.split("\n").forEach((line, i) => (lines[block.from + i] = line));
      lines[block.to] = `console.log(${JSON.stringify(marker(block))});`;
    }
    const src = relative(folder, join(root, "src")).replaceAll("\\", "/");
    const program = lines
      .join("\n")
      .replaceAll('from "../src/', `from "${src}/`)
      .replaceAll('from "latentkit"', `from "${src}/index.ts"`)
      .replaceAll('from "latentkit/node"', `from "${src}/node/index.ts"`);
    writeFileSync(file, program);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
        include: [],
        files: [file],
      }),
    );
    let said: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
      const text = values.join(" ");
      if (!code.some((block) => marker(block) === text)) said.push(text);
      else {
        printed.set(text, said.join("\n"));
        said = [];
      }
    });
    try {
      await import(pathToFileURL(file).href);
    } finally {
      log.mockRestore();
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("its code type-checks", () => {
    const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test.each(code.map((block) => [block.from + 1, block] as const))(
    "the code at line %i prints what stands under it",
    (_, block) => {
      expect(printed.get(marker(block))).toBe(promised(block));
    },
  );

  test("every text on it is what code printed", () => {
    const shown = code.filter((block) => promised(block) !== "").length;
    expect(blocks.filter(({ language }) => language === "text")).toHaveLength(shown);
  });
});

describe("README.md", () => {
  test("shows the example as it is, in 20 lines or fewer", () => {
    const example = blocksOf(read("README.md")).find(({ language }) => language === "js");
    expect(`${example?.text}\n`).toBe(read("examples/train-vae.mjs"));
    expect(example!.text.split("\n").length).toBeLessThanOrEqual(20);
  });
});

describe("settings", () => {
  /** A table as the page should have it: every setting with its default, range and meaning, in their order. */
  const tableOf = (schema: ZodType, nameOf: (key: string) => string): string[] =>
    settingsOf(schema).map(({ key, default: standard, expected, description }) => {
      const off = standard === undefined ? "not set" : settingText(standard);
      const cells = [`\`${nameOf(key)}\``, off, expected, description];
      // A bar would end the table's cell.
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });
  /** The rows of the first table under a heading. */
  const tableUnder = (page: string, heading: string): string[] => {
    const lines = read(page).split("\n");
    const from = lines.findIndex((line, i) => i > lines.indexOf(heading) && line.startsWith("| --- |")) + 1;
    return lines.slice(from, lines.indexOf("", from));
  };

  test.each(registry)("docs/models.md has every setting of $name", ({ name, config }) => {
    expect(tableUnder("docs/models.md", `### Settings of ${name}`)).toEqual(tableOf(config, (key) => key));
  });

  test("docs/command-line.md has every option of train", () => {
    const flag = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect(tableUnder("docs/command-line.md", "## train")).toEqual(tableOf(trainOptions, flag));
  });
});

test.each(pages)("%s links to files that exist", (path) => {
  const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!);
  const missing = targets.filter((target) => !existsSync(join(root, dirname(path), target)));
  expect(missing).toEqual([]);
});
