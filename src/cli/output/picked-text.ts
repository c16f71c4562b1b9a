import type { PickedDevice } from "../../runs/platform.ts";

/** A device, why it was picked, and what to do for a faster one. */
export function pickedText({ device, reason, remedy }: PickedDevice): string {
  const why = [reason, remedy].filter((part) => part !== undefined);
  return why.length === 0 ? device.description : `${device.description} (auto: ${why.join("; ")})`;
}
