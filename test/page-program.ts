import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { vi } from "vitest";

export const root = resolve(import.meta.dirname, "..");

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  /** Index of the line after the opening fence, and of the closing fence. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function blocksOf(page: string): Block[] {
  const lines = page.split("\n");
  const fences = lines.flatMap((line, i) => (line.startsWith("```") ? [i] : []));
  return Array.from({ length: fences.length / 2 }, (_, k) => {
    const [open, to] = [fences[2 * k]!, fences[2 * k + 1]!];
    const text = lines.slice(open + 1, to).join("\n");
    return { language: lines[open]!.slice(3), from: open + 1, to, text };
  });
}

/** TypeScript files in a temporary folder that import this repository's source as `latentkit`. */
export class SourceFolder {
  readonly path = mkdtempSync(join(tmpdir(), "latentkit-code-"));
  readonly #files: string[] = [];
  readonly #src = relative(this.path, join(root, "src")).replaceAll("\\", "/");

  constructor() {
    writeFileSync(join(this.path, "package.json"), '{ "type": "module" }');
    symlinkSync(join(root, "node_modules"), join(this.path, "node_modules"));
  }

  write(name: string, program: string): string {
    const file = join(this.path, name);
    writeFileSync(
      file,
      program
        .replaceAll('from "../src/', `from "${this.#src}/`)
        .replaceAll('from "latentkit"', `from "${this.#src}/index.ts"`)
        .replaceAll(/from "latentkit\/(\w+)"/g, `from "${this.#src}/$1/index.ts"`),
    );
    this.#files.push(file);
    return file;
  }

  /** What the compiler objects to; nothing where all is well. */
  typeErrors(): string {
    writeFileSync(
      join(this.path, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
        include: [],
        files: this.#files,
      }),
    );
    const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
    const args = [compiler, "-p", this.path, "--pretty", "false"];
    return spawnSync(process.execPath, args, { encoding: "utf8" }).stdout;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The `ts` blocks of a page as one program: each block continues the one before it. */
export class PageProgram {
  readonly blocks: readonly Block[];
  readonly code: readonly Block[];
  readonly #page: string;
  readonly #file: string;
  readonly #printed = new Map<string, string>();

  /** Writes the program into a folder, under the page's name. */
  constructor(path: string, folder: SourceFolder) {
    this.#page = readFileSync(join(root, path), "utf8");
    this.blocks = blocksOf(this.#page);
    this.code = this.blocks.filter(({ language }) => language === "ts");
    // Every line stays where it is on the page, so that an error's line number is the page's.
    const lines = this.#page.split("\n").map(() => "");
    const imported = new Set<string>();
    for (const block of this.code) {
      block.text.split("\n").forEach((line, i) => (lines[block.from + i] = withoutRepeats(line, imported)));
      lines[block.to] = `console.log(${JSON.stringify(markerOf(block))});`;
    }
    this.#file = folder.write(`${basename(path, ".md")}.ts`, lines.join("\n"));
  }

  /** What a block of code should print: the block of text under it, with nothing but blank lines between. */
  promised(block: Block): string {
    const next = this.blocks[this.blocks.indexOf(block) + 1];
    const between = next && this.#page.split("\n").slice(block.to + 1, next.from - 1);
    return next?.language === "text" && between!.every((line) => line === "") ? next.text : "";
  }

  printed(block: Block): string | undefined {
    return this.#printed.get(markerOf(block));
  }

  /** Runs the program. Its files go to a folder of its own. */
  async run(): Promise<void> {
    const markers = new Set(this.code.map(markerOf));
    let said: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
      const text = values.join(" ");
      if (!markers.has(text)) said.push(text);
      else {
        this.#printed.set(text, said.join("\n"));
        said = [];
      }
    });
    const before = process.cwd();
    const place = this.#file.replace(/\.ts$/, "");
    mkdirSync(place);
    process.chdir(place);
    try {
      await import(pathToFileURL(this.#file).href);
    } finally {
      process.chdir(before);
      log.mockRestore();
    }
  }
}

const markerOf = (block: Block): string => `end of the code before line ${block.to + 1}`;

/** An import less the names that an earlier one has: a reader may take a block alone. */
function withoutRepeats(line: string, imported: Set<string>): string {
  const [, list, from] = /^import \{ (.*) \} from (".*");$/.exec(line) ?? [];
  if (list === undefined) return line;
  const names = list.split(", ").filter((name) => !imported.has(`${name} ${from}`));
  for (const name of names) imported.add(`${name} ${from}`);
  return names.length > 0 ? `import { ${names.join(", ")} } from ${from};` : "";
}
