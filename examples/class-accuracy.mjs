// How often do samples of a class look like one, to a classifier of the real examples?
// node examples/class-accuracy.mjs RUN, a run of a model that learns from labels.
import { classAccuracy, trainClassifier } from "latentkit";
import { cpuDevice, loadRun, openDataSource } from "latentkit/node";

const [path = "runs/cvae-digits-1"] = process.argv.slice(2);
const device = await cpuDevice();
const { run, trained } = await loadRun(path, device);
const source = await openDataSource(run.info.data.source);

const classifier = await trainClassifier({ device, split: source.train });
console.log(
  `the classifier is wrong on ${(100 * (await classifier.error(source.test))).toFixed(2)} % of test examples`,
);

const { accuracy, byClass } = await classAccuracy(trained, classifier, { perClass: 1000 });
console.log(`${(100 * accuracy).toFixed(2)} % of samples are of the class that was asked for`);
console.log(
  byClass.map((share, label) => `${run.info.data.classNames[label]}: ${(100 * share).toFixed(1)} %`).join("  "),
);
