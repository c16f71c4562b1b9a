// How many samples of each class does a classifier of the real examples assign to it?
// node examples/class-accuracy.mjs RUN, a run of a class-conditional model.
import { classAccuracy, trainClassifier } from "latentkit";
import { cpuDevice, load, openDataSource } from "latentkit/node";

const [path = "runs/cvae-digits-1"] = process.argv.slice(2);
const run = await load(path, { device: "cpu" });
const { train, test } = await openDataSource(run.info.data.source);

const classifier = await trainClassifier({ device: await cpuDevice(), split: train });
console.log(`error of the classifier on test examples: ${(100 * (await classifier.error(test))).toFixed(2)} %`);

const { accuracy, byClass } = await classAccuracy(run.trained, classifier, { perClass: 1000 });
console.log(`samples assigned to their class: ${(100 * accuracy).toFixed(2)} %`);
console.log(
  byClass.map((fraction, i) => `${train.dataset.classNames[i]}: ${(100 * fraction).toFixed(1)} %`).join("  "),
);
