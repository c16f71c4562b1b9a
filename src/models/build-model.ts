import { ConfigError } from "../errors.ts";
import type { ModelDefinition } from "./definition.ts";
import type { DataSpec, Model } from "./model.ts";
import { kindInWords, tried } from "./tried.ts";

/**
 * The model that a definition builds. Throws ConfigError, naming the model by `where`, for whatever its build throws that is not a
 * refusal of its own, and where it gives no model.
 */
export function buildModel(
  definition: Pick<ModelDefinition, "build">,
  config: object,
  data: DataSpec,
  where: string,
): Model {
  const made: unknown = tried(where, "build", "a model", () => definition.build(config, data));
  if (typeof made !== "object" || made === null || !("objectives" in made) || typeof made.objectives !== "function")
    throw new ConfigError(
      `${where}: build returns no model, got ${kindInWords(made)}, expected an object with objectives`,
    );
  return made as Model;
}
