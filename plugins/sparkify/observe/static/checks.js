// Checks: the last result, a strip of those before, and the rows that broke them.

import { el, link, table, unfolding } from "./dom.js";
import { counted, moment, whole } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const STRIP = 30; // results at most
const [STEP, HIGH, LOW] = [6, 16, 6]; // pixels

/** Those whose last result failed, those that failed before, and behind an unfolding line those that never did. */
export function checks(found) {
  if (!found.length) return [el("p", { class: "quiet" }, "No check has run in this range.")];
  const failing = found.filter((check) => check.last && !check.last.passed);
  const failed = found.filter((check) => !failing.includes(check) && check.failed);
  const fine = found.filter((check) => !failing.includes(check) && !check.failed);
  const list = (some) => el("ul", { class: "checks" }, some.map(one));
  return [
    failing.length
      ? null
      : el(
          "p",
          { class: "fine" },
          el("span", { "aria-hidden": true }, "✓ "),
          "The last result of every check is good.",
        ),
    failing.length || failed.length ? list([...failing.sort(bySeverity), ...failed]) : null,
    fine.length
      ? unfolding("passing", [`${counted(fine.length, "check")} never failed in this range`], () => list(fine))
      : null,
  ];
}

const bySeverity = (one, other) => (one.severity === other.severity ? 0 : one.severity === "error" ? -1 : 1);

function one(check) {
  const bad = check.last && !check.last.passed;
  const summary = [
    el(
      "span",
      { class: bad ? `mark ${check.severity}` : "mark good" },
      bad ? (check.severity === "error" ? "✕ fails" : "! warns") : "✓ good",
    ),
    el("span", { class: "name" }, check.name),
    strip(check.history),
    el(
      "span",
      { class: "sum" },
      check.failed
        ? `${whole(check.failed)} of ${whole(check.passed + check.failed)} failed`
        : `${whole(check.passed)} good`,
    ),
  ];
  return el(
    "li",
    {},
    unfolding(`check ${check.table} ${check.name}`, summary, () => more(check)),
  );
}

/** The newest results, oldest first: a short bar for good, a tall one for bad. */
function strip(history) {
  const shown = chronological(history).slice(-STRIP);
  const bars = (good) =>
    shown
      .map(({ passed }, n) =>
        passed === good ? `M${n * STEP} ${HIGH}v-${good ? LOW : HIGH}h4v${good ? LOW : HIGH}z` : "",
      )
      .join("");
  const svg = document.createElementNS(SVG, "svg");
  const failed = shown.filter(({ passed }) => !passed).length;
  const attributes = {
    width: STRIP * STEP,
    height: HIGH,
    role: "img",
    "aria-label": `${failed} of the last ${shown.length} failed`,
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const good of [true, false]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", bars(good));
    path.setAttribute("class", good ? "good" : "failed");
    svg.append(path);
  }
  return svg;
}

const chronological = (history) => history.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

function more(check) {
  const rows = chronological(check.history)
    .reverse()
    .slice(0, STRIP)
    .map((result) => [
      result.passed ? "✓ good" : "✕ failed",
      moment(result.at),
      text(result.observed),
      text(result.expected),
      link(result.url, result.run_id),
    ]);
  const heads = [["Result"], ["At", "at"], ["Found"], ["Allowed"], ["Run"]];
  return el("div", { class: "more" }, samples(check), table(`Results of ${check.name}`, heads, rows));
}

function samples({ name, samples: found }) {
  if (!found?.length) return null;
  const rows = found.map(({ at, run_id: run, url, row, ...fields }) => [
    el("code", {}, text(row ?? fields)),
    at ? moment(at) : "–",
    run ? link(url, run) : "–",
  ]);
  return [
    el("p", { class: "label" }, "Rows that broke it"),
    table(`Rows that broke ${name}`, [["Row"], ["At", "at"], ["Run"]], rows),
  ];
}

function text(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
