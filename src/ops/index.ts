import "./methods.ts";

export * from "./arithmetic.ts";
export * from "./comparison.ts";
export * from "./elementwise.ts";
export * from "./linalg.ts";
export * from "./movement.ts";
export * from "./reduction.ts";
