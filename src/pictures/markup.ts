/** Escapes text for HTML and SVG elements and quoted attributes; control characters become spaces. */
export const escapeMarkup = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, " ");
