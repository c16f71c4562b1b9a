/**
 * Text with control, format and lone-surrogate characters escaped, so that a message can neither break its line nor control a terminal.
 */
export const escaped = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

/** Text on one line: its line ends become spaces. */
export const oneLine = (text: string): string => escaped(text.replaceAll(/\s*\n\s*/g, " "));
