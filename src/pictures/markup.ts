/** Text as it stands in HTML and SVG, in an element or in a quoted attribute; control characters become spaces. */
export const escapeMarkup = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, " ");
