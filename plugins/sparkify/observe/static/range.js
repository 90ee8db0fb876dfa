// The range that is shown: whole days, half-open. It stands in the address of the page, so a link shows the same.

const DAY = 86_400_000; // milliseconds
export const DEFAULT = "31d"; // what the server shows if it is not told, unless days are left out between them
export const PRESETS = [
  ["7d", "7 days"],
  ["31d", "31 days"],
  ["1y", "1 year"],
  ["5y", "5 years"],
  ["all", "All"],
];
const BACK = { "7d": [0, 7], "31d": [0, 31], "1y": [1, 0], "5y": [5, 0] }; // years and days

export const isoDay = (date) => date.toISOString().slice(0, 10);
const shifted = (day, count) => isoDay(new Date(Date.parse(day) + count * DAY));
export const daysOf = ({ start, end }) => Math.round((Date.parse(end) - Date.parse(start)) / DAY);

/**
 * Reads what an address asks for.
 * @returns {{preset?: string, start?: string, end?: string}} nothing if it asks for nothing that can be read
 */
export function asked(search) {
  const query = new URLSearchParams(search);
  const [preset, start, end] = ["range", "start", "end"].map((name) => query.get(name) ?? "");
  if (PRESETS.some(([name]) => name === preset)) return { preset };
  return isDay(start) && isDay(end) && start < end ? { start, end } : {};
}

export function written({ preset, start, end }) {
  if (preset) return `?${new URLSearchParams({ range: preset })}`;
  return start ? `?${new URLSearchParams({ start, end })}` : "";
}

/** First and last day of a choice, counted back from the newest hour that is known; `end` is not included. */
export function bounds({ preset, start, end }, { first_hour: first, last_hour: last }) {
  if (!preset) return { start, end };
  const until = shifted((last ?? isoDay(new Date())).slice(0, 10), 1);
  if (preset === "all") return { start: (first ?? until).slice(0, 10), end: until };
  const [years, days] = BACK[preset];
  const from = new Date(Date.parse(until) - days * DAY);
  from.setUTCFullYear(from.getUTCFullYear() - years);
  return { start: isoDay(from), end: until };
}

/** The range of the same length before or after; of a whole month, the month before or after. */
export function beside({ start, end }, step) {
  const whole = start.endsWith("-01") && end === monthAfter(start);
  if (!whole)
    return { start: shifted(start, step * daysOf({ start, end })), end: shifted(end, step * daysOf({ start, end })) };
  return step > 0 ? month(end) : month(shifted(start, -1));
}

/** The month that a day is in. */
export function month(day) {
  const start = `${day.slice(0, 7)}-01`;
  return { start, end: monthAfter(start) };
}

const monthAfter = (start) => `${shifted(start, 31).slice(0, 7)}-01`;

function isDay(text) {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(at) && isoDay(new Date(at)) === text;
}
