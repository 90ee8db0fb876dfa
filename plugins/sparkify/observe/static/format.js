// Numbers and moments as text; all moments are UTC.

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const whole = (number) => (number === null || number === undefined ? "–" : WHOLE.format(number));

export const short = (number) => SHORT.format(number);

/** `1 hour`, `2 hours`. */
export const counted = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A share as percent, with one digit after the point; a dash where there is nothing to take a share of. */
export function percent(part, all) {
  if (!all) return "–";
  const share = (100 * part) / all;
  // what is not all must not read as all, nor what is not nothing as nothing
  return `${part < all && share > 99.9 ? "99.9" : part > 0 && share < 0.1 ? "<0.1" : share.toFixed(1)} %`;
}

/** `2018-12-03 05:07`, from ISO 8601 or a Date. */
export function moment(at) {
  const date = at ? utc(at) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString().slice(0, 16).replace("T", " ") : "–";
}

/** A Date; ISO 8601 without an offset is UTC here, not the browser's zone. */
export function utc(at) {
  if (at instanceof Date) return at;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(at) || !at.includes("T");
  return new Date(zoned ? at : `${at}Z`);
}

/** `Mon 3 Dec`, from `2018-12-03`. */
export function dayName(day) {
  const date = utc(day);
  return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** How many days from one to another, e.g. 1 from `2018-12-03` to `2018-12-04`. */
export const daysFrom = (one, other) => Math.round((utc(other) - utc(one)) / 86_400_000);

export function bytes(size) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let rank = 0;
  let left = size;
  for (; left >= 1000 && rank < units.length - 1; rank++) left /= 1000;
  return `${rank && left < 10 ? left.toFixed(1) : Math.round(left)} ${units[rank]}`;
}

export function seconds(length) {
  if (length < 100) return `${length.toFixed(length < 10 ? 1 : 0)} s`;
  return length < 6000 ? `${Math.round(length / 60)} min` : `${(length / 3600).toFixed(1)} h`;
}
