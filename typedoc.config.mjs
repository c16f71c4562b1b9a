import { readFileSync } from "node:fs";
import { Converter, ReflectionKind } from "typedoc";

const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** Warns of every function, class and constant without a doc comment; option types explain themselves field by field. */
function requireDocComments(app) {
  const kinds = ReflectionKind.Function | ReflectionKind.Class | ReflectionKind.Variable;
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const { name, children = [] } of project.children)
      for (const child of children)
        if (
          child.kindOf(kinds) &&
          !child.hasComment() &&
          !child.signatures?.some((signature) => signature.hasComment())
        )
          app.logger.warn(`${name}: ${child.name} has no doc comment`);
  });
}

/** The API reference, `npm run docs:api`: a page for everything that the package exports, by subpath. */
export default {
  // `latentkit` comes last: a symbol's page stands under its own subpath, and the entry of everything refers to it.
  entryPoints: Object.values(exports)
    .filter((entry) => typeof entry === "object")
    .map((entry) => entry.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts"))
    .toReversed(),
  sortEntryPoints: false,
  tsconfig: "tsconfig.build.json",
  plugin: [requireDocComments],
  validation: { notExported: false },
  treatWarningsAsErrors: true,
  out: "docs/api",
  name: "Latentkit",
  readme: "none",
  disableSources: true,
  hideGenerator: true,
};
