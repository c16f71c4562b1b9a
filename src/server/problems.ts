/** Errors as a client is told them: problem documents (RFC 9457). */
import { LatentkitError } from "../errors.ts";

/** More requests wait than a server takes on: the client is to come again. */
export class OverloadedError extends LatentkitError {
  /** Seconds after which there should be room. */
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** Nothing more is taken: the server shuts down. */
export class UnavailableError extends LatentkitError {}
/** Something asked for is not there. */
export class NotFoundError extends LatentkitError {}
/** A request from a page of another place. */
export class ForbiddenError extends LatentkitError {}
/** A body of a type that is not read. */
export class MediaTypeError extends LatentkitError {}
/** A body of more bytes than are read. */
export class TooLargeError extends LatentkitError {}
/** The client went away before it had its answer. */
export class GoneError extends LatentkitError {}

const titles = {
  400: "the request does not fit",
  403: "not allowed",
  404: "not found",
  413: "the body is too large",
  415: "the type of the body is not read",
  429: "the server is busy",
  500: "internal error",
  503: "the server shuts down",
} as const;

export interface Problem {
  readonly status: keyof typeof titles;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export const problemType = "application/problem+json";

/** Whether an error is the server's own, of which a client is told no more than that. */
export const isInternal = (error: unknown): boolean => !(error instanceof LatentkitError);

/** What a client is told of an error. */
export function problemOf(error: unknown): Problem {
  const told =
    error instanceof LatentkitError ? error : new LatentkitError("server: an internal error, got none, expected none");
  const status = isInternal(error) ? 500 : statusOf(told);
  const { message, where, got, expected } = told;
  const parts = { detail: message, where, got, expected };
  return {
    status,
    headers: {
      "content-type": problemType,
      ...(told instanceof OverloadedError && { "retry-after": String(told.retryAfter) }),
      ...(told instanceof UnavailableError && { "retry-after": "1" }),
      // What is left of the body is not read.
      ...((told instanceof TooLargeError || told instanceof UnavailableError) && { connection: "close" }),
    },
    body: JSON.stringify({
      type: "about:blank",
      title: titles[status],
      status,
      ...Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, text && shortened(text)])),
    }),
  };
}

function statusOf(error: LatentkitError): Problem["status"] {
  if (error instanceof OverloadedError) return 429;
  if (error instanceof UnavailableError) return 503;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof ForbiddenError) return 403;
  if (error instanceof TooLargeError) return 413;
  if (error instanceof MediaTypeError) return 415;
  return 400;
}

/** A message repeats what was sent, which may be long. */
const shortened = (text: string, most = 1000): string => (text.length > most ? `${text.slice(0, most)}...` : text);
