export { type ActivationName, activations, initializationFor } from "./activation.ts";
export { type Context, evaluation, TrainingContext } from "./context.ts";
export { drawInitial } from "./draw-initial.ts";
export * from "./initializers.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { MLP, type MLPOptions } from "./mlp.ts";
export { parameters, variables } from "./module.ts";
