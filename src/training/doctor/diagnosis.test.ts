import { describe, expect, test } from "vitest";
import type { Remedies } from "../../models/definition.ts";
import { findModel } from "../../models/registry.ts";
import { diagnose, type Measured, type Symptoms } from "./diagnosis.ts";

const train = (step: number, metrics: Record<string, number>): Measured => ({ split: "train", step, metrics });
const found = (symptoms: Partial<Symptoms>): string[] =>
  diagnose({ records: [], ...symptoms }).map(({ finding }) => finding);

/** What a model's own settings answer a finding with. */
const remediesOf = (name: string, config: object = {}): Remedies => {
  const definition = findModel(name);
  return definition.remedies?.(definition.config.parse(config)) ?? {};
};

test("a run that learns has no findings", () => {
  const records = Array.from({ length: 20 }, (_, i): Measured[] => [
    train(100 * i + 50, { loss: 100 - i, gradientNorm: 5 + Math.sin(i) }),
    { split: "validation", step: 100 * i + 100, metrics: { loss: 101 - i + Math.sin(i) } },
  ]).flat();
  expect(diagnose({ records, rates: [1, 0.5, 0.001], deadUnits: { dead: 20, units: 100, examples: 500 } })).toEqual([]);
  expect(diagnose({ records: [] })).toEqual([]);
});

describe("exploding gradients", () => {
  const norms = (values: readonly number[]): Measured[] =>
    values.map((gradientNorm, i) => train(20 * (i + 1), { gradientNorm }));

  test("are ten times their running median, with the limit that would hold them", () => {
    const [finding] = diagnose({ records: norms([4, 4, 4, 4, 4, 4, 400, 4]) });
    expect(finding).toEqual({
      finding: "exploding-gradients",
      evidence:
        "gradientNorm was 400 at step 140, 100 times its running median of 4; 1 of 8 measurements were over 10 times theirs",
      remedy: "--clip-norm 8 limits it to twice the median; or a lower --learning-rate, or --warmup",
    });
  });

  test("are not a high start, chance, or a norm that grows slowly", () => {
    expect(found({ records: norms([4000, 4, 4, 4, 4, 4]) })).toEqual([]);
    expect(found({ records: norms([4, 9, 2, 11, 5, 3, 19, 4]) })).toEqual([]);
    expect(found({ records: norms(Array.from({ length: 200 }, (_, i) => 1.05 ** i)) })).toEqual([]);
  });

  test("are each objective's own", () => {
    const records = Array.from({ length: 10 }, (_, i) =>
      train(i + 1, { "critic.gradientNorm": 1, "generator.gradientNorm": i === 9 ? 5000 : 100 }),
    );
    expect(diagnose({ records })[0]!.evidence).toMatch(/^generator\.gradientNorm was 5000 at step 10, 50 times/);
  });
});

test("activations explode beyond a thousand times what goes in, or 1", () => {
  const of = (rms: number, input: number): string[] =>
    found({ activation: { rms, input, layer: "Conv to [8, 7, 7]" } });
  expect(of(1500, 0.3)).toEqual(["exploding-activations"]);
  expect(of(800, 0.3)).toEqual([]);
  expect(of(1500, 20)).toEqual([]);
});

test("EMA weights lag where they are worse than those they average, with the decay of a shorter mean", () => {
  const of = (averaged: number, last: number) =>
    diagnose({ records: [], average: { metric: "loss", averaged, last }, ema: 0.999 });
  expect(of(0.9, 0.6)).toEqual([
    {
      finding: "average-lags",
      evidence: "loss of validation examples is 0.9 with the EMA weights and 0.6 with those they average",
      remedy: "more --steps, or --ema 0.996",
    },
  ]);
  expect(of(0.62, 0.6)).toEqual([]);
  // Of a metric that is maximized nothing is said.
  expect(of(-0.5, -0.6)).toEqual([]);
});

describe("posterior collapse", () => {
  test("is half of the dimensions or more without information, with remedies that the model has", () => {
    expect(found({ rates: [2, 1, 0.001, 0] })).toEqual(["posterior-collapse"]);
    expect(found({ rates: [2, 1, 0.5, 0] })).toEqual([]);
    const [all] = diagnose({ records: [], rates: [0.001, 0, 0], remedies: remediesOf("vae") });
    expect(all!.evidence).toBe(
      "0 of 3 latent dimensions carry 0.01 nats or more, 0.001 nats in all: q(z|x) is the prior in the others",
    );
    expect(all!.remedy).toBe(
      "--set warmup=N gives the rate no weight at first; --set beta below 1 makes it cheaper; --set samples=10 gives gradients of less variance",
    );
    const [some] = diagnose({ records: [], rates: [3, 0, 0], remedies: remediesOf("dip-vae") });
    expect(some!.remedy).toBe("--set latentDim=1 loses nothing");
    const [none] = diagnose({ records: [], rates: [0], remedies: remediesOf("ae") });
    expect(none!.remedy).toBe("a lower weight of the rate, or fewer latent dimensions");
  });
});

test("posterior collapse has the likelihood for a cause where a Bernoulli is of photographs", () => {
  const remedy = (config: object, binary?: boolean): string =>
    diagnose({
      records: [],
      rates: [0, 0],
      remedies: remediesOf("vae", config),
      ...(binary !== undefined && { binary }),
    })[0]!.remedy;
  expect(remedy({ likelihood: "bernoulli" }, false)).toMatch(
    /^--set likelihood=gaussian-learned, for intensities are not binary here: .*; --set warmup=N/,
  );
  expect(remedy({ likelihood: "bernoulli" }, true)).toMatch(/^--set warmup=N/);
  expect(remedy({ likelihood: "bernoulli" })).toMatch(/^--set warmup=N/);
  expect(remedy({ likelihood: "gaussian-learned" }, false)).toMatch(/^--set warmup=N/);
});

describe("over-fitting", () => {
  const run = (validation: (i: number) => number, training: (i: number) => number): Measured[] =>
    Array.from({ length: 20 }, (_, i): Measured[] => [
      train(10 * i + 5, { nll: training(i) }),
      { split: "validation", step: 10 * i + 10, metrics: { nll: validation(i) } },
    ]).flat();

  test("is validation that rises while training falls", () => {
    const [finding] = diagnose({
      records: run(
        (i) => 100 + Math.abs(i - 8),
        (i) => 100 - i,
      ),
    });
    expect(finding!.finding).toBe("over-fitting");
    // Epochs are counted from 0 here: the best is that of epoch 8, the end the mean of the last three.
    expect(finding!.evidence).toBe(
      "validation nll rose from 100 at step 90 to 110, while training's fell from 93 to 82",
    );
  });

  test("is answered with settings that the model has", () => {
    const records = run(
      (i) => 100 + Math.abs(i - 8),
      (i) => 100 - i,
    );
    const remedyFor = (name: string, config: object = {}): string =>
      diagnose({ records, remedies: remediesOf(name, config) })[0]!.remedy;
    expect(remedyFor("transformer", { width: 128, depth: 4 })).toContain(
      "--patience 5 stops sooner; --set dropout=0.1, or width=64 and depth=2, leave it less to learn by heart; more data,",
    );
    expect(remedyFor("masked-diffusion", { width: 32, depth: 1, dropout: 0.3 })).toContain(
      "--set dropout=0.4 leaves it less to learn by heart; more data,",
    );
    expect(remedyFor("vae")).toContain("--patience 5 stops sooner; more data,");
  });

  test("is not validation that stands still, nor both rising, nor one bad epoch", () => {
    expect(
      found({
        records: run(
          (i) => 100 + 0.1 * Math.abs(i - 8),
          (i) => 100 - i,
        ),
      }),
    ).toEqual([]);
    expect(
      found({
        records: run(
          (i) => 100 + Math.abs(i - 8),
          (i) => 100 + i,
        ),
      }),
    ).toEqual([]);
    expect(
      found({
        records: run(
          (i) => (i === 19 ? 200 : 100 - i),
          (i) => 100 - i,
        ),
      }),
    ).toEqual([]);
  });
});

test("dead units are more than half of them", () => {
  expect(found({ deadUnits: { dead: 51, units: 100, examples: 500 } })).toEqual(["dead-units"]);
  expect(found({ deadUnits: { dead: 50, units: 100, examples: 500 } })).toEqual([]);
  const dead = { dead: 51, units: 100, examples: 500 };
  const [finding] = diagnose({ records: [], deadUnits: dead, remedies: remediesOf("ae") });
  expect(finding!.remedy).toBe("--set activation=leakyRelu or elu; or a lower --learning-rate, or --warmup 500");
  expect(diagnose({ records: [], deadUnits: dead })[0]!.remedy).toBe("a lower --learning-rate, or --warmup 500");
});

test("a rewind is a finding", () => {
  const [finding] = diagnose({ records: [], rewinds: [{ from: 60, to: 40, metric: "loss" }] });
  expect(finding!.evidence).toBe(
    "loss was not finite at step 60; training was rewound to step 40 at half the learning rate",
  );
});

test("a divergence has the remedies of the model beside those of training", () => {
  const rewind = { from: 30, to: 20, metric: "nll" };
  const [found] = diagnose({ records: [], rewinds: [rewind], remedies: { divergence: ["--set noise=0.01"] } });
  expect(found?.remedy).toBe(
    "start with half the --learning-rate, with --warmup 500, or with --clip-norm 1; --set noise=0.01",
  );
});
