import { describe, expect, test } from "vitest";
import { diagnoseGame, type GameSymptoms } from "./adversarial-diagnosis.ts";
import type { Measured } from "./diagnosis.ts";

type Metrics = Readonly<Record<string, number>>;
const healthy = { discriminator: 1.2, generator: 0.8, realAboveFake: 0.7, "generator.gradientNorm": 0.5 };

/** Forty reports, the later ones as they become. */
const played = (late: Metrics = {}, early: Metrics = {}): Measured[] =>
  Array.from({ length: 40 }, (_, i) => ({
    split: "train",
    step: 20 * (i + 1),
    metrics: { ...healthy, ...(i < 10 ? early : i >= 30 ? late : {}) },
  }));
const validated = (values: readonly number[]): Measured[] =>
  values.map((frechet, i) => ({ split: "validation", step: 100 * i, metrics: { frechet } }));
const found = (symptoms: GameSymptoms): string[] => diagnoseGame(symptoms).map(({ finding }) => finding);

test("a game in balance has no findings, and neither has a run without a game or a short one", () => {
  const variety = { count: 500, coverage: 0.9, spread: 0.9 };
  expect(diagnoseGame({ records: [...played(), ...validated([9, 7, 6, 5, 5.2, 4.9, 5.1, 4.8])], variety })).toEqual([]);
  expect(diagnoseGame({ records: validated([1, 9, 1, 9, 1, 9, 1, 9, 1, 9, 1, 9]) })).toEqual([]);
  expect(found({ records: played({ realAboveFake: 1, discriminator: 0 }).slice(-11) })).toEqual([]);
});

describe("mode collapse", () => {
  test("is few examples covered, or samples that repeat each other", () => {
    const [finding] = diagnoseGame({ records: played(), variety: { count: 500, coverage: 0.125, spread: 0.4 } });
    expect(finding!.finding).toBe("mode-collapse");
    expect(finding!.evidence).toBe(
      "500 samples cover 12.5 % of 500 validation examples, and are 0.4 times as far from each other as those are",
    );
    expect(found({ records: played(), variety: { count: 500, coverage: 0.8, spread: 0.1 } })).toEqual([
      "mode-collapse",
    ]);
  });

  test("is not samples that are poor, and farther from each other than examples are", () => {
    const variety = { count: 500, coverage: 0.1, spread: 1.4 };
    const [finding, ...others] = diagnoseGame({ records: played(), variety });
    expect(others).toEqual([]);
    expect(finding!.finding).toBe("poor-samples");
    expect(finding!.evidence).toBe(
      "500 samples cover 10 % of 500 validation examples, and are 1.4 times as far from each other as those are: most lie where there are no examples",
    );
    expect(found({ records: played(), variety: { ...variety, coverage: 0.3 } })).toEqual([]);
    // A cause says more.
    expect(found({ records: played({ realAboveFake: 1, discriminator: 0.001 }), variety })).toEqual([
      "discriminator-won",
    ]);
  });
});

test("a discriminator that has won passes no slope on, or has nothing left to learn", () => {
  const won = { realAboveFake: 1, discriminator: 0.001 };
  expect(found({ records: played(won) })).toEqual(["discriminator-won"]);
  const vanishing = played({ ...won, "generator.gradientNorm": 2e-4 });
  expect(found({ records: vanishing })).toEqual(["vanishing-gradients", "discriminator-won"]);
  expect(diagnoseGame({ records: vanishing })[0]!.evidence).toBe(
    "the generator's gradient norm fell from 0.5 to 0.0002, while 100 % of examples score above the sample beside them: the discriminator passes no slope on",
  );
  // A critic's loss is minus a distance.
  expect(found({ records: played({ realAboveFake: 1, discriminator: -3 }) })).toEqual([]);
});

test("a discriminator that has lost sees no difference where there is one", () => {
  const lost = played({ realAboveFake: 0.5 });
  expect(found({ records: lost, variety: { count: 500, coverage: 0.5, spread: 1.2 } })).toEqual(["discriminator-lost"]);
  expect(found({ records: lost, variety: { count: 500, coverage: 0.95, spread: 1 } })).toEqual([]);
});

test("oscillation is a validation metric that keeps turning by more than a quarter", () => {
  const records = [...played(), ...validated([50, 40, 30, 20, 20, 20, 10, 20, 9, 18, 8, 17, 9, 15])];
  const [finding] = diagnoseGame({ records });
  expect(finding!.finding).toBe("oscillation");
  expect(finding!.evidence).toMatch(
    /^validation frechet turned 5 times by more than 25 % in the second half of the run/,
  );
  expect(found({ records: [...played(), ...validated([50, 40, 30, 20, 20, 20, 10, 11, 9, 10, 8, 9, 9, 8])] })).toEqual(
    [],
  );
});
