/**
 * Text from an untrusted file as a short, one-line, double-quoted string: quotes, control, format and
 * lone-surrogate characters are escaped, so that a message can neither break its line nor drive a terminal.
 */
export function quoted(text: string, maxLength = 60): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  const escaped = short.replace(
    /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => ({ '"': '\\"', "\\": "\\\\" })[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
