import {
  adam,
  adamax,
  adamW,
  trackEma,
  clipByNorm,
  clipByValue,
  clipWeights,
  type Optimizer,
  rmsProp,
  schedule,
  sgd,
} from "../../src/optim/index.ts";

/** One element of a parameter: the weight `p`, and whatever else the rule keeps beside it. */
export interface Element {
  readonly p: number;
  readonly [slot: string]: number;
}

/** One step of one element, written from the paper, apart from src/optim. */
type Rule = (at: {
  readonly element: Element;
  readonly g: number;
  /** From 1. */
  readonly t: number;
  readonly decays: boolean;
  /** Euclidean norm of all gradients. */
  readonly norm: number;
}) => Element;

export interface OptimizerCase {
  readonly name: string;
  readonly optimizer: Optimizer;
  readonly rule: Rule;
}

const rate = 0.03;
const [b1, b2, eps] = [0.8, 0.95, 1e-8];
const cosine = schedule("cosine", { learningRate: rate, steps: 8, warmup: 2 });
const cosineRate = (t: number): number =>
  t <= 2 ? (rate * t) / 2 : (rate * (1 + Math.cos((Math.PI * (t - 3)) / 5))) / 2;

const adamRule =
  (lambda: number, rateAt: (t: number) => number): Rule =>
  ({ element: { p, m = 0, v = 0 }, g, t, decays }) => {
    const m1 = b1 * m + (1 - b1) * g;
    const v1 = b2 * v + (1 - b2) * g ** 2;
    const step = m1 / (1 - b1 ** t) / (Math.sqrt(v1 / (1 - b2 ** t)) + eps);
    return { p: p - rateAt(t) * (step + (decays ? lambda * p : 0)), m: m1, v: v1 };
  };

const plain: readonly OptimizerCase[] = [
  {
    name: "SGD",
    optimizer: sgd({ learningRate: rate }),
    rule: ({ element: { p }, g }) => ({ p: p - rate * g }),
  },
  {
    name: "SGD with weight decay",
    optimizer: sgd({ learningRate: rate, weightDecay: 0.4 }),
    rule: ({ element: { p }, g, decays }) => ({ p: p - rate * (g + (decays ? 0.4 * p : 0)) }),
  },
  {
    name: "SGD with momentum and weight decay",
    optimizer: sgd({ learningRate: rate, momentum: 0.7, weightDecay: 0.4 }),
    rule: ({ element: { p, velocity: u = 0 }, g, decays }) => {
      const velocity = 0.7 * u + g + (decays ? 0.4 * p : 0);
      return { p: p - rate * velocity, velocity };
    },
  },
  {
    name: "SGD in Nesterov's form",
    optimizer: sgd({ learningRate: rate, momentum: 0.7, nesterov: true }),
    rule: ({ element: { p, velocity: u = 0 }, g }) => {
      const velocity = 0.7 * u + g;
      return { p: p - rate * (g + 0.7 * velocity), velocity };
    },
  },
  {
    name: "Adam",
    optimizer: adam({ learningRate: rate, beta1: b1, beta2: b2 }),
    rule: adamRule(0, () => rate),
  },
  {
    name: "Adam on a schedule",
    optimizer: adam({ learningRate: cosine, beta1: b1, beta2: b2 }),
    rule: adamRule(0, cosineRate),
  },
  {
    name: "AdamW",
    optimizer: adamW({ learningRate: rate, beta1: b1, beta2: b2, weightDecay: 0.4 }),
    rule: adamRule(0.4, () => rate),
  },
  {
    name: "Adamax",
    optimizer: adamax({ learningRate: rate, beta1: b1, beta2: b2 }),
    rule: ({ element: { p, m = 0, u = 0 }, g, t }) => {
      const m1 = b1 * m + (1 - b1) * g;
      const u1 = Math.max(b2 * u, Math.abs(g));
      return { p: p - ((rate / (1 - b1 ** t)) * m1) / (u1 + eps), m: m1, u: u1 };
    },
  },
  {
    name: "RMSProp",
    optimizer: rmsProp({ learningRate: rate, decay: b2 }),
    rule: ({ element: { p, v = 0 }, g }) => {
      const v1 = b2 * v + (1 - b2) * g ** 2;
      return { p: p - (rate * g) / (Math.sqrt(v1) + eps), v: v1 };
    },
  },
  {
    name: "RMSProp with momentum",
    optimizer: rmsProp({ learningRate: rate, decay: b2, momentum: 0.5 }),
    rule: ({ element: { p, v = 0, u = 0 }, g }) => {
      const v1 = b2 * v + (1 - b2) * g ** 2;
      const u1 = 0.5 * u + g / (Math.sqrt(v1) + eps);
      return { p: p - rate * u1, v: v1, u: u1 };
    },
  },
];

const held = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

const wrappers: Readonly<Record<string, (inner: OptimizerCase, name: string) => OptimizerCase>> = {
  "gradients clipped by value": ({ optimizer, rule }, name) => ({
    name,
    optimizer: clipByValue(optimizer, 0.5),
    rule: (at) => rule({ ...at, g: held(at.g, 0.5) }),
  }),
  "gradients clipped by norm": ({ optimizer, rule }, name) => ({
    name,
    optimizer: clipByNorm(optimizer, 5),
    rule: (at) => rule({ ...at, g: at.norm > 5 ? (at.g * 5) / at.norm : at.g }),
  }),
  "weights clipped": ({ optimizer, rule }, name) => ({
    name,
    optimizer: clipWeights(optimizer, 0.8),
    rule: (at) => {
      const next = rule(at);
      return { ...next, p: held(next.p, 0.8) };
    },
  }),
  "weights averaged": ({ optimizer, rule }, name) => ({
    name,
    optimizer: trackEma(optimizer, 0.3),
    rule: (at) => {
      const next = rule(at);
      const d = Math.min(0.3, (1 + at.t) / (10 + at.t));
      return { ...next, ema: d * (at.element["ema"] ?? at.element.p) + (1 - d) * next.p };
    },
  }),
};

const wrapped = (inner: OptimizerCase): OptimizerCase[] =>
  Object.entries(wrappers).map(([how, wrap]) => wrap(inner, `${inner.name}, ${how}`));

/** Every optimizer by itself and inside each wrapper. */
export const optimizerCases: readonly OptimizerCase[] = [...plain, ...plain.flatMap(wrapped)];

/** Every optimizer by itself, and one inside each wrapper: for devices that take long to compile a graph. */
export const fewOptimizerCases: readonly OptimizerCase[] = [
  ...plain,
  ...plain.filter(({ name }) => name === "AdamW").flatMap(wrapped),
];
