import { stream, type Stream } from "../../random/index.ts";
import { ConfigError } from "../../errors.ts";

/** A 2-D distribution with known density, for tests and plots. */
export interface Toy {
  readonly description: string;
  /** Number of components, which are the classes; 1 for a single component. */
  readonly classes: number;
  /** Samples a point of one component. */
  sample(component: number, random: Stream): readonly [x: number, y: number];
  /** log p(x, y) in nats; -Infinity outside the support. */
  logDensity(x: number, y: number): number;
  /** The Gaussian components, equally weighted with equal standard deviation, where it is such a mixture. */
  readonly gaussians?: { readonly means: readonly (readonly [x: number, y: number])[]; readonly std: number };
}

const LOG_2_PI = Math.log(2 * Math.PI);
const normalLogDensity = (x: number, mean: number, std: number): number =>
  -0.5 * ((x - mean) / std) ** 2 - Math.log(std) - 0.5 * LOG_2_PI;

function logMeanExp(terms: readonly number[]): number {
  const most = Math.max(...terms);
  return most === -Infinity
    ? most
    : most + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - most), 0) / terms.length);
}

/** Equally weighted Gaussians of equal standard deviation. */
function gaussians(description: string, means: readonly (readonly [number, number])[], std: number): Toy {
  return {
    description,
    classes: means.length,
    gaussians: { means, std },
    sample(component, random) {
      const [x, y] = means[component]!;
      return [x + std * random.normal(), y + std * random.normal()];
    },
    logDensity: (x, y) =>
      logMeanExp(means.map(([mx, my]) => normalLogDensity(x, mx, std) + normalLogDensity(y, my, std))),
  };
}

/** Nodes and weights of 4-point Gauss-Legendre quadrature on [-1, 1] (Abramowitz & Stegun 25.4.30). */
const LEGENDRE = [
  [0.3399810435848563, 0.6521451548625461],
  [0.8611363115940526, 0.3478548451374538],
].flatMap(([node, weight]) => [
  [-node!, weight!],
  [node!, weight!],
]) as readonly (readonly [node: number, weight: number])[];
const PANELS = 300;

/**
 * Curves (x(u), y(u)), u uniform in [0, 1], with isotropic Gaussian noise: p(x) is the integral over u of N(x; curve(u), std^2 I), computed by
 * Gauss-Legendre quadrature over v = sqrt(u), in which spirals are smooth, to at least 8 digits.
 */
function curves(description: string, all: readonly ((u: number) => readonly [number, number])[], std: number): Toy {
  const nodes = Array.from({ length: PANELS }, (_, panel) =>
    LEGENDRE.map(([node, weight]) => {
      const v = (panel + 0.5 + node / 2) / PANELS;
      return [v ** 2, (v * weight) / PANELS] as const;
    }),
  ).flat();
  const places = all.flatMap((curve) => nodes.map(([u]) => curve(u)));
  const [xs, ys] = [0, 1].map((axis) => Float64Array.from(places, (place) => place[axis]!)) as [
    Float64Array,
    Float64Array,
  ];
  const weights = Float64Array.from(places, (_, i) => nodes[i % nodes.length]![1] / all.length);
  return {
    description,
    classes: all.length,
    sample(component, random) {
      const [x, y] = all[component]!(random.uniform());
      return [x + std * random.normal(), y + std * random.normal()];
    },
    logDensity(x, y) {
      let nearest = Infinity;
      for (let i = 0; i < xs.length; i++) nearest = Math.min(nearest, (x - xs[i]!) ** 2 + (y - ys[i]!) ** 2);
      let sum = 0;
      for (let i = 0; i < xs.length; i++) {
        const exponent = (nearest - (x - xs[i]!) ** 2 - (y - ys[i]!) ** 2) / (2 * std ** 2);
        // The omitted terms are below the rounding error of the sum.
        if (exponent > -40) sum += weights[i]! * Math.exp(exponent);
      }
      return Math.log(sum) - nearest / (2 * std ** 2) - 2 * Math.log(std) - LOG_2_PI;
    },
  };
}

/** (r cos t, r sin t), t uniform, r ~ N(radius, std^2): the density at distance d is (N(d) + N(-d)) / (2 pi d). */
function rings(description: string, radii: readonly number[], std: number): Toy {
  return {
    description,
    classes: radii.length,
    sample(component, random) {
      const angle = 2 * Math.PI * random.uniform();
      const r = radii[component]! + std * random.normal();
      return [r * Math.cos(angle), r * Math.sin(angle)];
    },
    logDensity(x, y) {
      const d = Math.hypot(x, y);
      const terms = radii.flatMap((radius) => [normalLogDensity(d, radius, std), normalLogDensity(-d, radius, std)]);
      return logMeanExp(terms) + Math.log(2) - LOG_2_PI - Math.log(d);
    },
  };
}

/** Uniform over the dark squares of a checkerboard of `side` x `side` unit squares, centered at the origin. */
function checkerboard(description: string, side: number): Toy {
  const half = side / 2;
  const dark = (x: number, y: number): boolean =>
    Math.max(Math.abs(x), Math.abs(y)) < half && (Math.floor(x + half) + Math.floor(y + half)) % 2 === 0;
  return {
    description,
    classes: 1,
    sample(_, random) {
      const column = random.int(side);
      const row = 2 * random.int(half) + (column % 2);
      return [column + random.uniform() - half, row + random.uniform() - half];
    },
    logDensity: (x, y) => (dark(x, y) ? -Math.log(side ** 2 / 2) : -Infinity),
  };
}

/**
 * Blades (a, b) ~ N((distance, 0), diag(along^2, across^2)), rotated by i / blades of a turn and then by `twist` radians per unit of distance
 * from the origin. The twist preserves area and distance from the origin, so the density is that of the untwisted blades.
 */
function pinwheel(
  description: string,
  {
    blades,
    distance,
    along,
    across,
    twist,
  }: Readonly<Record<"blades" | "distance" | "along" | "across" | "twist", number>>,
): Toy {
  const turned = (x: number, y: number, angle: number): readonly [number, number] => [
    x * Math.cos(angle) - y * Math.sin(angle),
    x * Math.sin(angle) + y * Math.cos(angle),
  ];
  const angleOf = (blade: number, x: number, y: number): number =>
    (2 * Math.PI * blade) / blades + twist * Math.hypot(x, y);
  return {
    description,
    classes: blades,
    sample(blade, random) {
      const a = distance + along * random.normal();
      const b = across * random.normal();
      return turned(a, b, angleOf(blade, a, b));
    },
    logDensity: (x, y) =>
      logMeanExp(
        Array.from({ length: blades }, (_, blade) => {
          const [a, b] = turned(x, y, -angleOf(blade, x, y));
          return normalLogDensity(a, distance, along) + normalLogDensity(b, 0, across);
        }),
      ),
  };
}

const onCircle = (radius: number, turn: number): readonly [number, number] => [
  radius * Math.cos(2 * Math.PI * turn),
  radius * Math.sin(2 * Math.PI * turn),
];

/** All toy distributions by name. */
export const toys: Readonly<Record<string, Toy>> = {
  "8gaussians": gaussians(
    "8 Gaussians of std 0.1 on a circle of radius 2",
    Array.from({ length: 8 }, (_, i) => onCircle(2, i / 8)),
    0.1,
  ),
  "25gaussians": gaussians(
    "25 Gaussians of std 0.05 on a grid from -2 to 2",
    Array.from({ length: 25 }, (_, i) => [Math.floor(i / 5) - 2, (i % 5) - 2] as const),
    0.05,
  ),
  rings: rings("4 rings of radius 0.5, 1, 1.5 and 2, std 0.05 in radius", [0.5, 1, 1.5, 2], 0.05),
  moons: curves(
    "2 half circles facing each other, std 0.1",
    [
      (u) => [Math.cos(Math.PI * u) - 0.5, Math.sin(Math.PI * u) - 0.25],
      (u) => [0.5 - Math.cos(Math.PI * u), 0.25 - Math.sin(Math.PI * u)],
    ],
    0.1,
  ),
  checkerboard: checkerboard("the dark squares of a 4 x 4 checkerboard of unit squares", 4),
  pinwheel: pinwheel("5 blades, bent more with increasing radius", {
    blades: 5,
    distance: 1.5,
    along: 0.3,
    across: 0.1,
    twist: 0.8,
  }),
  spirals: curves(
    "2 arms of one and a half turns, up to radius 2, std 0.05",
    [0, 0.5].map((turn) => (u: number) => onCircle(2 * Math.sqrt(u), turn + 1.5 * Math.sqrt(u))),
    0.05,
  ),
  swissroll: curves(
    "a spiral of one turn, from radius 1/2 to 2, std 0.05",
    [(u) => onCircle(0.5 + 1.5 * u, 0.75 + u)],
    0.05,
  ),
};

/** `count` sampled points [count, 2] and the component of each. Point i depends on (seed, part, i) only. */
export function sampleToy(
  name: string,
  { count, seed = 0, part = "train" }: { readonly count: number; readonly seed?: number; readonly part?: string },
): { readonly points: Float32Array; readonly components: Uint8Array } {
  const toy = findToy(name);
  const points = new Float32Array(2 * count);
  const components = new Uint8Array(count);
  const random = stream(seed, "toy", name, part);
  for (let i = 0; i < count; i++) {
    components[i] = random.int(toy.classes);
    points.set(toy.sample(components[i]!, random), 2 * i);
  }
  return { points, components };
}

/** The toy distribution of a name; throws `ConfigError`. */
export function findToy(name: string): Toy {
  const toy = Object.hasOwn(toys, name) ? toys[name] : undefined;
  if (!toy) throw new ConfigError(`toy: no such toy, got "${name}", expected ${Object.keys(toys).join(", ")}`);
  return toy;
}
