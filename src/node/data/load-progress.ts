import { channel } from "node:diagnostics_channel";

/** How far data has been read that takes a while: so many images, rows or bytes of all. */
export interface Reading {
  /** A path. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

// Data is opened from many places, none of which has a use for this but the one that shows it.
const readings = channel("latentkit:reading");

export function publishReading(reading: Reading): void {
  readings.publish(reading);
}

/** Calls `listener` whenever some more of data that takes a while has been read. */
export function onReading(listener: (reading: Reading) => void): void {
  readings.subscribe((message) => listener(message as Reading));
}
