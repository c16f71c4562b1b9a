import { z } from "zod";
import type { ValueInfo } from "../onnx/model-proto.ts";
import { version } from "../version.ts";
import { safetensorsType } from "./request-body.ts";
import type { ServedRun } from "./served-run.ts";

const binary = { schema: { type: "string", format: "binary" } };
const seed = { type: "integer", minimum: 0, description: "seed of the noise, 0 unless given" };
const count = { type: "integer", minimum: 1, description: "number of examples, where no input has a row for each" };

interface Described {
  readonly about: string;
  readonly properties: object;
  readonly required: readonly string[];
  readonly outputs: readonly ValueInfo[];
  /** Further types of the answer. */
  readonly types?: object;
}

/** The OpenAPI document of what is served: a path for each function of each run, with the shapes of its inputs and outputs. */
export function openApi(runs: readonly ServedRun[]): object {
  const error = (description: string): object => ({
    description,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
  const path = (run: string, name: string, { about, properties, required, outputs, types }: Described) =>
    [
      `/v1/models/${encodeURIComponent(run)}/${name}`,
      {
        post: {
          operationId: `${run}.${name}`,
          summary: about,
          requestBody: {
            content: {
              "application/json": { schema: { type: "object", properties, required } },
              [safetensorsType]: binary,
            },
          },
          responses: {
            200: {
              description: "the outputs by name",
              content: {
                "application/json": { schema: { type: "object", properties: schemasOf(outputs) } },
                [safetensorsType]: binary,
                "image/png": binary,
                "text/csv": { schema: { type: "string" } },
                ...types,
              },
            },
            400: error("the inputs do not fit"),
            413: error("the body is too large"),
            415: error("the body is neither JSON nor safetensors"),
            429: error("the server is busy: Retry-After says when to come again"),
            503: error("the server shuts down"),
          },
        },
      },
    ] as const;
  const paths = runs.flatMap((run) => [
    ...Array.from(run.functions, ([name, { graph, inputs, countsRows }]) =>
      path(run.name, name, {
        about: graph.about,
        properties: { ...schemasOf(inputs), seed, ...(countsRows && { count }) },
        required: inputs.filter(({ type }) => type.shape.length > 0).map((info) => info.name),
        outputs: graph.outputs,
      }),
    ),
    ...Array.from(run.tasks, ([name, { about, inputs, settings, outputs }]) =>
      path(run.name, name, {
        about,
        properties: { ...schemasOf(inputs), ...z.toJSONSchema(settings, { io: "input" }).properties },
        required: inputs.map((info) => info.name),
        outputs,
        types: { "text/event-stream": { schema: { type: "string" } } },
      }),
    ),
  ]);
  return {
    openapi: "3.1.0",
    info: { title: "Latentkit", version, description: "Functions of trained generative models." },
    paths: Object.fromEntries(paths),
    components: {
      schemas: {
        Problem: {
          type: "object",
          description: "RFC 9457",
          properties: Object.fromEntries(
            ["type", "title", "detail", "where", "got", "expected"].map((name) => [name, { type: "string" }]),
          ),
        },
      },
    },
  };
}

const schemasOf = (infos: readonly ValueInfo[]): object =>
  Object.fromEntries(infos.map((info) => [info.name, schemaOf(info)]));

/** Nested lists of a shape. */
function schemaOf({ type }: ValueInfo): object {
  const item = { type: type.dtype === "int64" ? "integer" : "number" };
  return type.shape
    .toReversed()
    .reduce<object>(
      (items, d) => ({ type: "array", items, ...(typeof d === "number" && { minItems: d, maxItems: d }) }),
      item,
    );
}
