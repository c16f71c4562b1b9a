import type { ValueInfo } from "../onnx/model-proto.ts";
import { version } from "../version.ts";
import type { ServedRun } from "./served-run.ts";

/** The OpenAPI document of what is served: a path for each function of each run, with the shapes of its inputs and outputs. */
export function openApi(runs: readonly ServedRun[]): object {
  const error = (description: string): object => ({
    description,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
  const paths = runs.flatMap((run) =>
    Array.from(run.functions, ([name, { graph, inputs, countsRows }]) => {
      const given = Object.fromEntries(inputs.map((info) => [info.name, schemaOf(info)]));
      const required = inputs.filter(({ type }) => type.shape.length > 0).map((info) => info.name);
      const count = {
        type: "integer",
        minimum: 1,
        description: "number of examples, where no input has a row for each",
      };
      return [
        `/v1/models/${run.name}/${name}`,
        {
          post: {
            operationId: `${run.name}.${name}`,
            summary: graph.about,
            requestBody: {
              content: {
                "application/json": {
                  schema: {
                    type: "object",
                    properties: {
                      ...given,
                      seed: { type: "integer", minimum: 0, description: "seed of the noise, 0 unless given" },
                      ...(countsRows && { count }),
                    },
                    required,
                  },
                },
                "application/vnd.safetensors": { schema: { type: "string", format: "binary" } },
              },
            },
            responses: {
              200: {
                description: "the outputs by name",
                content: {
                  "application/json": {
                    schema: {
                      type: "object",
                      properties: Object.fromEntries(graph.outputs.map((info) => [info.name, schemaOf(info)])),
                    },
                  },
                  "application/vnd.safetensors": { schema: { type: "string", format: "binary" } },
                  "image/png": { schema: { type: "string", format: "binary" } },
                },
              },
              400: error("the inputs do not fit"),
              413: error("the body is too large"),
              429: error("the server is busy: Retry-After says when to come again"),
            },
          },
        },
      ] as const;
    }),
  );
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
