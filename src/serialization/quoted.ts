import { escaped } from "../printable.ts";

export { escaped };

/** Text from an untrusted file as a short, one-line, double-quoted string. */
export function quoted(text: string, maxLength = 60): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return `"${escaped(short.replace(/["\\]/g, "\\$&"))}"`;
}
