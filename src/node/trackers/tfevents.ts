/**
 * TensorBoard's event files: TFRecords (tensorflow/core/lib/io/record_writer.h) of Event messages
 * (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
 */
import { ProtobufWriter } from "../../onnx/protobuf.ts";
import { crc32c } from "./crc32c.ts";

export interface EventPoint {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
}

/** What every event file begins with. */
export const fileVersion = (wallTime: number): Uint8Array =>
  record(event({ wallTime, step: 0 }).string(3, "brain.Event:2").finish());

/** Training begins, or begins again, with the step after this: what the folder's files say of later ones no longer holds. */
export const sessionStart = (at: EventPoint): Uint8Array =>
  record(
    event(at)
      .message(7, (log) => log.int(1, 1))
      .finish(),
  );

/** Numbers by tag. */
export const scalars = (at: EventPoint, values: Readonly<Record<string, number>>): Uint8Array =>
  record(
    event(at)
      .message(5, (summary) => {
        for (const [tag, number] of Object.entries(values))
          summary.message(1, (value) => value.string(1, tag).float(2, number));
      })
      .finish(),
  );

/** A PNG picture. */
export const image = (
  at: EventPoint,
  tag: string,
  { png, width, height, channels }: { readonly png: Uint8Array; width: number; height: number; channels: number },
): Uint8Array =>
  record(
    event(at)
      .message(5, (summary) =>
        summary.message(1, (value) =>
          value
            .string(1, tag)
            .message(4, (picture) => picture.int(1, height).int(2, width).int(3, channels).bytes(4, png)),
        ),
      )
      .finish(),
  );

/** Numbers that are 0 are left out, as protocol buffers write them. */
function event({ wallTime, step }: EventPoint): ProtobufWriter {
  const writer = new ProtobufWriter().double(1, wallTime);
  return step === 0 ? writer : writer.int(2, step);
}

/** Length, its checksum, the bytes, their checksum; all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return out;
}

/** A checksum stored beside what it is of is turned and shifted, so that a file of records can itself be checksummed. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
