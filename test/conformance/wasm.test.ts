import { wasmDevice } from "../../src/runtime/web.ts";
import { describeDevice, describeFloat64 } from "./describe-device.ts";

describeDevice("wasm", wasmDevice, { order: 2, perSession: 64 });
describeFloat64("wasm", wasmDevice);
