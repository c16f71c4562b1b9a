import { UnsupportedOpError } from "../../errors.ts";
import type { ValueInfo } from "../../onnx/model-proto.ts";
import { safetensorsChunks, type SafetensorsTensor } from "../../serialization/safetensors.ts";
import { version } from "../../version.ts";
import type { LoadedRun } from "../load-run.ts";
import type { FileContent } from "../storage/store.ts";
import { type ExportedGraph, exportedGraphs, readWeights, storedValues, type Weights } from "./exported-model.ts";
import { modelCard } from "./model-card.ts";
import { samplingPlan } from "./model-graphs.ts";

/** The layout of an export: ONNX files beside each other, or a model repository of Triton and KServe. */
export const layouts = ["files", "triton"] as const;
export type Layout = (typeof layouts)[number];

export interface Export {
  /** Content by name, with slashes for folders. */
  readonly files: ReadonlyMap<string, FileContent>;
  readonly graphs: readonly ExportedGraph[];
}

/**
 * A run as files that need no Latentkit: each function of its model as ONNX, with all that is needed to use it in `latentkit.json`, the weights as
 * safetensors and a model card. Of a run trained on codes, those of the model that decodes them are in the folder `codes`. Throws UnsupportedOpError
 * where the model has no function to export.
 */
export async function exportFiles(loaded: LoadedRun, { layout }: { readonly layout: Layout }): Promise<Export> {
  const files = new Map<string, FileContent>();
  const graphs = await addRun(loaded, "", layout, files);
  const parent = await loaded.openParent();
  if (parent) {
    try {
      await addRun(parent, "codes", layout, files);
    } finally {
      await parent.trained.release();
    }
  }
  return { files, graphs };
}

async function addRun(
  loaded: LoadedRun,
  folder: string,
  layout: Layout,
  files: Map<string, FileContent>,
): Promise<readonly ExportedGraph[]> {
  const { run, trained, step } = loaded;
  const { model: name, config, data, parent } = run.info;
  const weights = await readWeights(loaded);
  const about = { model: name, config: JSON.stringify(config), step: String(step), latentkit: version };
  const graphs = exportedGraphs(loaded, weights, about);
  if (graphs.length === 0)
    throw new UnsupportedOpError(
      `${run.path}: nothing to export, got a model without codes, samples, a density or classes, expected one with some`,
    );
  const at = (file: string): string => (folder === "" ? file : `${folder}/${file}`);
  const fileOf = ({ name: graph }: ExportedGraph): string =>
    layout === "triton" ? `${graph}/1/model.onnx` : `${graph}.onnx`;
  for (const graph of graphs) {
    files.set(at(fileOf(graph)), [graph.bytes]);
    if (layout === "triton") files.set(at(`${graph.name}/config.pbtxt`), tritonConfig(graph));
  }
  files.set(at("weights.safetensors"), weightsFile(weights, about));
  const plan = samplingPlan(trained.model);
  const manifest = {
    format: 1,
    latentkit: version,
    model: name,
    step,
    config,
    data: {
      source: data.source,
      fingerprint: data.fingerprint,
      kind: data.kind,
      shape: data.shape,
      // Values of examples x are (stored - low) / (high - low).
      range: data.range,
      ...(data.symbols !== undefined && { symbols: data.symbols }),
      ...(data.standardization && { standardization: data.standardization }),
      ...(data.columns && { columns: data.columns }),
      ...(data.fields && { fields: data.fields }),
    },
    ...(parent && { codes: { folder: "codes", latent: parent.latent, standardization: parent.standardization } }),
    functions: graphs.map((graph) => ({
      name: graph.name,
      file: fileOf(graph),
      about: graph.about,
      batch: graph.batch,
      inputs: graph.inputs.map(described),
      outputs: graph.outputs.map(described),
      ...(Object.keys(graph.noise).length > 0 && { noise: graph.noise }),
    })),
    ...(plan && { sampling: plan }),
  };
  files.set(at("latentkit.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  const records = [];
  for await (const record of run.metrics()) records.push(record);
  files.set(at("README.md"), modelCard(loaded, { graphs, fileOf, records }));
  return graphs;
}

const described = ({ name, type }: ValueInfo): object => ({ name, dtype: type.dtype, shape: type.shape });

function weightsFile(weights: Weights, metadata: Readonly<Record<string, string>>): FileContent {
  const tensors = Array.from(weights.values(), ({ name, held }): [string, SafetensorsTensor] => {
    const { shape } = held;
    const data = storedValues(held);
    return [name, data instanceof BigInt64Array ? { dtype: "I64", shape, data } : { dtype: "F32", shape, data }];
  });
  return safetensorsChunks(new Map(tensors), new Map(Object.entries(metadata)));
}

const tritonTypes = { float32: "TYPE_FP32", int64: "TYPE_INT64", bool: "TYPE_BOOL", float64: "TYPE_FP64" } as const;

/**
 * The configuration of a graph in a Triton model repository. Requests are batched together where every input and output has the batch first; scalars and
 * the batch size itself as inputs leave it to the client.
 */
function tritonConfig({ name, inputs, outputs }: ExportedGraph): string {
  const all = [...inputs, ...outputs];
  const batched = all.every(({ type }) => type.shape[0] === "batch");
  const tensor = ({ name: of, type }: ValueInfo): string => {
    const dims = (batched ? type.shape.slice(1) : type.shape).map((d) => (typeof d === "string" ? -1 : d));
    // A tensor of one value a row is [batch] in the model, and needs one extent here.
    const scalar = dims.length === 0;
    const reshaped = scalar ? "\n    reshape { shape: [ ] }" : "";
    return `  {\n    name: "${of}"\n    data_type: ${tritonTypes[type.dtype]}\n    dims: [ ${scalar ? "1" : dims.join(", ")} ]${reshaped}\n  }`;
  };
  const list = (field: string, of: readonly ValueInfo[]): string =>
    of.length === 0 ? "" : `${field} [\n${of.map(tensor).join(",\n")}\n]\n`;
  const batching = batched ? "dynamic_batching { }\n" : "";
  return `name: "${name}"\nbackend: "onnxruntime"\nmax_batch_size: ${batched ? 256 : 0}\n${list("input", inputs)}${list("output", outputs)}${batching}`;
}
