/**
 * Dates and times as text of a form such as `YYYY-MM-DD hh:mm:ss.sss+01:00`. `M`, `D` and `h` have no zero before a single digit. As numbers
 * they are seconds since 1970, UTC, or since midnight where the form has no date.
 */

const TEXT =
  /^(?:(\d{1,4})([-/.])(\d{1,2})(?:\2(\d{1,4}))?)?(?:(^|[T ])(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;
const DAY = 86_400;

type Order = "YMD" | "DMY" | "MDY";

interface Parts {
  /** Empty where there is no date. */
  readonly date: readonly string[];
  readonly separator: string;
  readonly joint: string;
  /** Hours, minutes and seconds; empty where there is no time. */
  readonly time: readonly string[];
  readonly fraction: string;
  readonly zone: string;
}

function partsOf(text: string): Parts | undefined {
  const match = text === "" ? null : TEXT.exec(text);
  if (!match) return undefined;
  const [, a, separator = "", b, c, joint = "", h, m, s, fraction = "", zone = ""] = match;
  const given = (texts: readonly (string | undefined)[]): string[] => texts.filter((each) => each !== undefined);
  return { date: given([a, b, c]), separator, joint, time: given([h, m, s]), fraction, zone };
}

/** The seconds of a zone east of UTC. */
function offsetOf(zone: string): number {
  if (zone === "" || zone === "Z") return 0;
  const [, sign, hours, minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)!;
  return (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes));
}

/** The seconds at midnight of a date; NaN for one that no calendar has. */
function midnight(date: readonly string[], order: Order): number {
  const [year, month, day = "1"] = (["Y", "M", "D"] as const).map((unit) => date[order.indexOf(unit)]);
  if (year?.length !== 4 || month === undefined) return Number.NaN;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const last = new Date(Date.UTC(y, m, 0)).getUTCDate();
  return m >= 1 && m <= 12 && d >= 1 && d <= last && y >= 1000 ? Date.UTC(y, m - 1, d) / 1000 : Number.NaN;
}

function secondsOf({ date, time, fraction, zone }: Parts, order: Order): number {
  const [h = "0", m = "0", s = "0"] = time;
  if (Number(h) > 23 || Number(m) > 59 || Number(s) > 59) return Number.NaN;
  const at = date.length > 0 ? midnight(date, order) : 0;
  return at + 3600 * Number(h) + 60 * Number(m) + Number(s) + Number(`0.${fraction}0`) - offsetOf(zone);
}

/** The form of a date or time of this order, with the padding of the texts it is one of. */
function formFrom(all: readonly Parts[], order: Order): string {
  const { date, separator, joint, time, zone } = all[0]!;
  const single = (at: (parts: Parts) => string | undefined): boolean => all.some((parts) => at(parts)?.length === 1);
  const unit = (letter: string): string => {
    if (letter === "Y") return "YYYY";
    return single((parts) => parts.date[order.indexOf(letter)]) ? letter : letter + letter;
  };
  const days = order
    .slice(0, date.length)
    .split("")
    .map((letter) => unit(letter));
  const clock = [single((parts) => parts.time[0]) ? "h" : "hh", "mm", "ss"].slice(0, time.length);
  const longest = Math.max(...all.map(({ fraction }) => fraction.length));
  const fraction = longest > 0 ? `.${"s".repeat(longest)}` : "";
  return `${days.join(separator)}${joint}${clock.join(":")}${fraction}${zone}`;
}

const ORDERS: readonly Order[] = ["YMD", "DMY", "MDY"];

/**
 * The form that most of the texts have, and how many read by it; undefined where none is a date. `other`: a form by which as many read, as other
 * dates.
 */
export function dateFormOf(
  texts: readonly string[],
): { readonly form: string; readonly fits: number; readonly other?: string } | undefined {
  const all = texts.map(partsOf).filter((parts) => parts !== undefined);
  const [first] = all;
  if (!first || first.date.length + first.time.length < 2) return undefined;
  const alike = all.filter(
    ({ date, separator, time, zone }) =>
      date.length === first.date.length &&
      separator === first.separator &&
      time.length > 0 === first.time.length > 0 &&
      (zone === "") === (first.zone === ""),
  );
  const longest = alike.toSorted((a, b) => b.time.length - a.time.length);
  // A month without a day, or numbers with a point between: 12.05 is no date.
  if (first.date.length === 2 && (first.separator === "." || first.date[1]!.length < 2)) return undefined;
  const counted = ORDERS.map((order) => ({
    order,
    fits: alike.filter((parts) => !Number.isNaN(secondsOf(parts, order))).length,
  })).toSorted((a, b) => b.fits - a.fits);
  const [best, next] = counted;
  if (best!.fits === 0) return undefined;
  const form = formFrom(longest, best!.order);
  const twofold = first.date.length === 3 && next!.fits === best!.fits && first.separator !== ".";
  const same = alike.every((parts) => secondsOf(parts, best!.order) === secondsOf(parts, next!.order));
  return { form, fits: best!.fits, ...(twofold && !same && { other: formFrom(longest, next!.order) }) };
}

const orderOf = (form: string): Order => (form.startsWith("D") ? "DMY" : /^M+[-/.]D/.test(form) ? "MDY" : "YMD");

/** Reads text of a form as seconds, NaN where it has another one. The time of day may be left out. */
export function dateReader(form: string): (text: string) => number {
  const order = orderOf(form);
  const dated = form.includes("Y");
  const separator = /[-/.]/.exec(form)?.[0] ?? "";
  const fields = dated ? form.split(/[T h]/)[0]!.split(separator).length : 0;
  const timed = form.includes("mm");
  return (text) => {
    const parts = partsOf(text);
    if (!parts || parts.date.length !== fields || (dated && parts.separator !== separator)) return Number.NaN;
    return parts.time.length > 0 && !timed ? Number.NaN : secondsOf(parts, order);
  };
}

/** Seconds as text of a form, rounded to what it shows. */
export function dateText(form: string, seconds: number): string {
  const zone = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.exec(form)?.[0] ?? "";
  const body = form.slice(0, form.length - zone.length);
  const places = /\.(s+)$/.exec(body)?.[1]!.length ?? 0;
  const local = seconds + offsetOf(zone);
  const monthly = body.includes("Y") && !body.includes("D");
  const step = body.includes("ss") ? 1 : body.includes("mm") ? 60 : DAY;
  const [whole, fraction] = places > 0 ? rounded(local, places) : [Math.round(local / step) * step, ""];
  // The month that begins next to it.
  const date = new Date(1000 * (monthly ? local + 15 * DAY : whole));
  const fill = (letters: string, value: number): string => String(value).padStart(letters.length, "0");
  return (
    body
      .replace(/\.s+$/, fraction === "" ? "" : `.${fraction}`)
      .replace("YYYY", fill("YYYY", date.getUTCFullYear()))
      .replace(/M+/, (letters) => fill(letters, date.getUTCMonth() + 1))
      .replace(/D+/, (letters) => fill(letters, date.getUTCDate()))
      .replace(/h+/, (letters) => fill(letters, date.getUTCHours()))
      .replace("mm", fill("mm", date.getUTCMinutes()))
      .replace("ss", fill("ss", date.getUTCSeconds())) + zone
  );
}

/** Seconds parted into whole ones and the digits of the rest. */
function rounded(seconds: number, places: number): [whole: number, fraction: string] {
  const whole = Math.floor(seconds);
  const [digits, more] = [Math.round((seconds - whole) * 10 ** places), 10 ** places];
  return digits === more ? [whole + 1, "0".repeat(places)] : [whole, String(digits).padStart(places, "0")];
}

/** A form of dates and seconds, without the parts that no value needs, and with `places` of a second. */
export function shortForm(
  form: string,
  { daily, places }: { readonly daily: boolean; readonly places: number },
): string {
  if (daily && form.includes("D")) return form.replace(/[T ]h.*$/, "");
  return places > 0 ? form.replace("ss", `ss.${"s".repeat(places)}`) : form;
}
