import { parameters } from "../../nn/module.ts";
import type { ValueInfo } from "../../onnx/model-proto.ts";
import { settingText } from "../../settings-schema.ts";
import { version } from "../../version.ts";
import type { LoadedRun } from "../load-run.ts";
import type { MetricsRecord } from "../storage/metrics-log.ts";
import type { ExportedGraph } from "./exported-model.ts";

/** A model card in the form of the Hugging Face Hub: what the model is, what it was trained on, what was measured, and how the files are used. */
export function modelCard(
  { run, trained, definition, step }: LoadedRun,
  {
    graphs,
    fileOf,
    records,
  }: {
    readonly graphs: readonly ExportedGraph[];
    readonly fileOf: (graph: ExportedGraph) => string;
    readonly records: readonly MetricsRecord[];
  },
): string {
  const { model, config, training, data, seed, selection } = run.info;
  const count = [...parameters(trained.model).values()].reduce((sum, { size }) => sum + size, 0);
  const test = records.findLast(({ split }) => split === "test")?.metrics;
  const { range, standardization, shape } = data;
  const values = range
    ? `values from 0 to 1, of stored ones from ${range[0]} to ${range[1]}: (stored - ${range[0]}) / ${range[1] - range[0]}`
    : data.symbols === undefined
      ? standardization || data.columns
        ? "standardized numbers, as `latentkit.json` says"
        : "real numbers as they are stored"
      : `symbols, whole numbers from 0 to ${data.symbols - 1}`;
  const [usual] = graphs;
  return [
    "---",
    "library_name: latentkit",
    "tags:",
    `- ${model}`,
    "- generative-model",
    "- onnx",
    "---",
    "",
    `# ${model} on ${safe(data.source)}`,
    "",
    `${definition.summary} (${definition.paper}). ${count} parameters, weights of step ${step}, trained with Latentkit ${run.info.latentkit}.`,
    "",
    "## Data",
    "",
    `Trained on ${data.examples ?? data.size ?? "the"} examples of \`${safe(data.source)}\` (content ${data.fingerprint.slice(0, 16)}), of shape [${shape.join(", ")}]: ${values}.`,
    "",
    "## Measured",
    "",
    ...(test && Object.keys(test).length > 0
      ? [
          `On the test split, ${selection ? `selected by ${selection.distance}` : "means per example"}:`,
          "",
          ...tableOf(
            ["metric", "value"],
            Object.entries(test).map(([name, v]) => [name, String(Number(v.toPrecision(5)))]),
          ),
        ]
      : ["Nothing on a test split."]),
    "",
    "It has seen no other data, and its samples and scores are to be trusted on data like these alone.",
    "",
    "## Files",
    "",
    ...tableOf(
      ["file", "what", "inputs", "outputs"],
      graphs.map((graph) => [
        `\`${fileOf(graph)}\``,
        `${graph.about}${graph.batch === "any" ? "" : `; batches of ${graph.batch}`}`,
        listed(graph.inputs),
        listed(graph.outputs),
      ]),
    ),
    "",
    "`latentkit.json` says the same for machines, with what each input of noise is drawn from, the options and steps of sampling, and the data's fields.",
    "`weights.safetensors` has the weights by their path in the model.",
    "",
    ...(usual ? ["```python", ...pythonExample(usual, fileOf(usual)), "```", ""] : []),
    "## Settings",
    "",
    ...tableOf(
      ["setting", "value"],
      [...Object.entries(config), ...Object.entries(training), ["seed", seed] as const].map(([name, v]) => [
        name,
        settingText(v),
      ]),
    ),
    "",
    `Written by Latentkit ${version}.`,
    "",
  ].join("\n");
}

const listed = (infos: readonly ValueInfo[]): string =>
  infos.map(({ name, type }) => `\`${name}\` ${type.dtype} [${type.shape.join(", ")}]`).join(", ") || "none";

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `| ${head.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
];

/** Text of a path on one line, without what Markdown reads as code. */
const safe = (text: string): string => text.replaceAll(/[`\r\n]/g, " ");

function pythonExample({ inputs, outputs }: ExportedGraph, file: string): string[] {
  const types = { float32: "float32", int64: "int64", bool: "bool", float64: "float64" };
  const feeds = inputs.map(({ name, type }) => {
    const extents = type.shape.map((d) => (typeof d === "string" ? "16" : String(d)));
    return `    "${name}": np.zeros([${extents.join(", ")}], np.${types[type.dtype]}),`;
  });
  return [
    "import numpy as np, onnxruntime as ort",
    `session = ort.InferenceSession("${file}")`,
    `${outputs.map(({ name }) => name.replaceAll(/\W/g, "_")).join(", ")}, = session.run(None, {`,
    ...feeds,
    "})",
  ];
}
