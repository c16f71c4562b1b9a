/** Text from an untrusted file as a short, one-line, double-quoted string. */
export function quoted(text: string, maxLength = 60): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return `"${escaped(short.replace(/["\\]/g, "\\$&"))}"`;
}

/**
 * Text with control, format and lone-surrogate characters escaped, so that a message can neither break its line nor control a terminal.
 */
export const escaped = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
