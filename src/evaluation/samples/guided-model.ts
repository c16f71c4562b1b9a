import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import type { FieldSpec, Model } from "../../models/model.ts";
import { variables } from "../../nn/module.ts";
import { JoinedVariables } from "../../runtime/variables.ts";
import { TrainedModel } from "../trained-model.ts";

/**
 * A trained model that samples guided by a worse one of the same data (autoguidance, Karras et al. 2024, arXiv:2406.02507): an earlier checkpoint, or a
 * smaller or shorter run. It only samples, by the weights of both, on the device of both. Throws UnsupportedOpError for a model that cannot be
 * guided, ConfigError for a guide of other examples or of a condition that the model does not have.
 *
 * @example
 * const choice = diffusion({ width: 16, depth: 1 });
 * const good = await train(choice, "toy:moons:200", { steps: 20 });
 * const bad = await train(choice, "toy:moons:200", { steps: 5 });
 * const points = await guidedModel(good.trained, bad.trained).sample(8, { guidance: 2, steps: 4 }); // [8, 2]
 * await good.release();
 * await bad.release();
 */
export function guidedModel(trained: TrainedModel, guide: TrainedModel): TrainedModel {
  const { model, shape, kind, columns, condition } = trained;
  if (!model.guidedBy)
    throw new UnsupportedOpError(
      "guide: the model cannot be guided, got one without predictions of noise, expected a diffusion model",
    );
  if (guide.shape.join() !== shape.join() || guide.kind !== kind)
    throw new ConfigError(
      `guide: it is of other examples, got ${guide.kind} of shape [${guide.shape.join(", ")}], expected ${kind} of shape [${shape.join(", ")}]`,
    );
  const fields = model.condition?.fields ?? [];
  const other = guide.model.condition?.fields.find((field) => !fields.some((own) => sameField(own, field)));
  if (other)
    throw new ConfigError(
      `guide: it has a condition of its own, got ${other.name}, expected ${fields.map(({ name }) => name).join(" or ") || "none"}, as the model has`,
    );
  const both: Model & Readonly<Record<"main" | "guide", Model>> = {
    objectives: () => {
      throw new UnsupportedOpError(
        "guide: a guided model only samples, got no objectives, expected those of its two models",
      );
    },
    ...(model.condition && { condition: model.condition }),
    sampler: model.guidedBy(guide.model),
    // Where its variables are found.
    main: model,
    guide: guide.model,
  };
  const ofGuide = [...variables(guide.model).values(), ...guide.emaWeights.values()];
  return new TrainedModel(both, {
    store: new JoinedVariables(guide.store, ofGuide, trained.store),
    shape,
    kind,
    columns,
    frozen: trained.frozen && guide.frozen,
    emaWeights: new Map([...trained.emaWeights, ...guide.emaWeights]),
  }).given(condition);
}

/** Whether two conditions are the same: classes in the same order, numbers of one shape. */
function sameField(a: FieldSpec, b: FieldSpec): boolean {
  if (a.name !== b.name) return false;
  if (a.kind === "class") return b.kind === "class" && a.classes.join("\n") === b.classes.join("\n");
  return b.kind !== "class" && a.shape.join() === b.shape.join();
}
