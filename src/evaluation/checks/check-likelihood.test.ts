import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { independent } from "../../distributions/independent.ts";
import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { stream } from "../../random/index.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { LikelihoodEvaluator } from "../likelihood/likelihood.ts";
import { drain } from "../samples/sampling.ts";
import { TrainedModel } from "../trained-model.ts";
import { converged, sameElbo, sameInFloat64 } from "./check-likelihood.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const count = 2000;
const random = stream(0, "rows");
const values = Float32Array.from({ length: 2 * count }, () => random.normal());
const prior = () => independent(new Normal(0, constant(1).broadcastTo([1])), 1);

/** x = z (1, -1/2) + noise, with a posterior that is not the exact one; what multiplies the rate in `elbo`, and is added to z and taken off. */
function model({ rate = 1, added = 0 } = {}): Model & Required<Pick<Model, "encode" | "logWeights" | "decode">> {
  const encode = (x: Tensor) => ({ z: independent(new Normal(x.matmul(constant([0.5, -0.3], [2, 1])), 0.8), 1) });
  const decode = (z: Tensor) =>
    independent(
      new Normal(
        z
          .add(added)
          .sub(added)
          .matmul(constant([1, -0.5], [1, 2])),
        0.9,
      ),
      1,
    );
  return {
    objectives: () => [],
    encode,
    decode: (codes) => decode(codes["z"]!),
    elbo: (x) => {
      const { z: q } = encode(x);
      const z = q.rsample();
      const divergence = kl(q, independent(new Normal(constant(0).broadcastTo([x.shape[0]!, 1]), 1), 1)).mul(rate);
      const distortion = decode(z).logProb(x).neg();
      return { elbo: distortion.add(divergence).neg(), distortion, rates: { z: divergence } };
    },
    logWeights: (x, samples) => {
      const { z: q } = encode(x);
      const z = q.rsample([samples]);
      return decode(z.reshape([samples * x.shape[0]!, 1]))
        .logProb(x.broadcastTo([samples, ...x.shape]).reshape([-1, 2]))
        .reshape([samples, -1])
        .add(prior().logProb(z))
        .sub(q.logProb(z));
    },
  };
}

const dataOf = async () => ({
  split: whole(await createDataset({ name: "rows", description: "", shape: [2], size: count, values, range: null })),
  binarize: "none" as const,
  seed: 0,
});
const trainedOf = (of: Model): TrainedModel => new TrainedModel(of, { store: createVariables(cpu, []), shape: [2] });

describe("convergence in the number of samples", () => {
  // The bias of L_k falls as 1/k: from 5 to 50 samples by nine tenths of the first.
  const curve = [
    { samples: 1, nll: 99 },
    { samples: 5, nll: 95 },
    { samples: 50, nll: 93.2 },
  ];
  test("is by the bias that is left, 1.8 / 9, against the standard error", () => {
    expect(converged({ curve, standardError: 0.21 })).toMatchObject({ holds: true });
    const not = converged({ curve, standardError: 0.19 })!;
    expect(not.holds).toBe(false);
    expect(not.detail).toBe(
      "by samples 1: 99.00, 5: 95.00, 50: 93.20; about 0.200 above its limit, standard error 0.190",
    );
    expect(converged({ curve: curve.slice(0, 1), standardError: 0.1 })).toBeUndefined();
  });
});

describe("the bound of one sample", () => {
  test.each([
    [1, true],
    [2, false],
    [0, false],
  ])("is the ELBO whose rate is %d of what it should be: %s", async (rate, holds) => {
    const data = await dataOf();
    const trained = trainedOf(model({ rate }));
    const found = await drain(new LikelihoodEvaluator(trained, { ...data, samples: 50 }).run());
    expect((await sameElbo(trained, found, data))!.holds).toBe(holds);
    await trained.release();
  });

  test("is not compared where a model has no ELBO", async () => {
    const complete = model();
    const without: Model = { objectives: () => [], logWeights: (...given) => complete.logWeights(...given) };
    expect(await sameElbo(trainedOf(without), { negElbos: new Float64Array(1) }, await dataOf())).toBeUndefined();
  });
});

describe("float64 arithmetic", () => {
  // Of z + 1e8 - 1e8 float32 keeps no digit.
  test.each([
    [0, true],
    [1e8, false],
  ])("of a decoder that adds %d and takes it off again is that of the device: %s", async (added, holds) => {
    const trained = trainedOf(model({ added }));
    expect(await sameInFloat64(trained, await dataOf())).toMatchObject({
      name: "log p(x|z) is that of float64 arithmetic",
      holds,
    });
    await trained.release();
  });

  test("is of log p(x) where a model has it", async () => {
    const trained = trainedOf({ objectives: () => [], logProb: (x: Tensor) => x.sum(1).neg() });
    expect(await sameInFloat64(trained, await dataOf())).toMatchObject({
      name: expect.stringMatching(/^log p\(x\) /),
      holds: true,
    });
    await trained.release();
  });
});
