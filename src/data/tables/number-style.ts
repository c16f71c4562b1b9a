/** How numbers are written as text: the decimal mark, what groups thousands, and a sign of currency or percent. */

export interface NumberStyle {
  readonly decimal: "." | ",";
  /** Between groups of three digits; empty for none. */
  readonly group: "" | "," | "." | " " | "'";
  /** A sign before or after a number; empty for none. */
  readonly sign: string;
}

export const plainStyle: NumberStyle = { decimal: ".", group: "", sign: "" };
/** Whether numbers have a decimal point and no groups. */
export const isPlain = ({ decimal, group }: NumberStyle): boolean => decimal === "." && group === "";
export const decimalMarks = ["point", "comma"] as const;
export type DecimalMark = (typeof decimalMarks)[number];

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:e[+-]?\d+)?$/i;
const SIGN = /^[+-]?\s*([$€£¥₹])|([$€£¥₹%])$/;

/** Digits in groups, with decimals after a point or comma. */
const grouped = (group: string, decimal: string): RegExp =>
  new RegExp(`^[+-]?[1-9]\\d{0,2}(?:[${group}]\\d{3})+(?:[${decimal}]\\d*)?$`);

const GROUPS = { "": "", ",": ",", ".": ".", " ": " \\u00a0\\u202f", "'": "'’" } as const;

/** In the order that they are preferred in, where as many texts fit. */
const STYLES: readonly Omit<NumberStyle, "sign">[] = [
  { decimal: ".", group: "" },
  { decimal: ",", group: "" },
  { decimal: ".", group: "," },
  { decimal: ",", group: "." },
  { decimal: ".", group: " " },
  { decimal: ",", group: " " },
  { decimal: ".", group: "'" },
  { decimal: ",", group: "'" },
];

function withoutSign(text: string, sign: string): string {
  if (sign === "") return text;
  const minus = /^[+-]?/.exec(text)![0];
  const rest = text.slice(minus.length).trim();
  if (rest.startsWith(sign)) return minus + rest.slice(sign.length).trim();
  return minus + (rest.endsWith(sign) ? rest.slice(0, -sign.length).trim() : rest);
}

/** Gives numbers of a style as plain ones, `1,234.50` as `1234.50`, and undefined for any other text. */
export function plainNumbers({ decimal, group, sign }: NumberStyle): (text: string) => string | undefined {
  const whole = decimal === "." ? PLAIN : COMMA;
  if (decimal === "." && group === "" && sign === "") return (text) => (PLAIN.test(text) ? text : undefined);
  const inGroups = group === "" ? undefined : grouped(GROUPS[group], decimal);
  const groups = group === "" ? undefined : new RegExp(`[${GROUPS[group]}]`, "g");
  return (signed) => {
    const text = withoutSign(signed, sign);
    if (whole.test(text)) return decimal === "," ? text.replace(",", ".") : text;
    if (!inGroups?.test(text)) return undefined;
    return text.replaceAll(groups!, "").replace(",", ".");
  };
}

export interface FoundStyle {
  readonly style: NumberStyle;
  /** How many of the texts have it. */
  readonly fits: number;
  /** A style by which as many of them are other numbers. */
  readonly other?: NumberStyle;
}

/** The style that most texts have; `decimal` leaves those with the other mark out. */
export function numberStyleOf(texts: readonly string[], decimal?: DecimalMark): FoundStyle {
  const sign = commonSign(texts);
  const known = decimal && { point: ".", comma: "," }[decimal];
  const counted = STYLES.filter((style) => known === undefined || style.decimal === known).map((style) => {
    const plain = plainNumbers({ ...style, sign });
    return { style: { ...style, sign }, plain, fits: texts.filter((text) => plain(text) !== undefined).length };
  });
  const [best] = counted.toSorted((a, b) => b.fits - a.fits);
  const other = counted.find(
    ({ style, plain, fits }) =>
      style.decimal !== best!.style.decimal &&
      fits === best!.fits &&
      texts.some((text) => Number(plain(text)) !== Number(best!.plain(text)) && best!.plain(text) !== undefined),
  );
  return { style: best!.style, fits: best!.fits, ...(other && { other: other.style }) };
}

/** The sign that most of the texts with one have; empty where fewer than half have one. */
function commonSign(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const match = SIGN.exec(text);
    const sign = match?.[1] ?? match?.[2];
    if (sign !== undefined) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1]);
  return most && 2 * most[1] >= texts.length ? most[0] : "";
}
