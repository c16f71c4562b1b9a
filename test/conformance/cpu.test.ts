import { cpuDevice } from "../../src/runtime/node.ts";
import { describeDevice, describeFloat64 } from "./describe-device.ts";

describeDevice("cpu", cpuDevice, { order: 2, perSession: 64 });
describeFloat64("cpu", cpuDevice);
