// The alerts that were sent last, newest first.

import { el, link, unfolding } from "./dom.js";
import { counted, moment } from "./format.js";

const SHOWN = 8;

/** A list; the older ones behind an unfolding line. */
export function alerts(found) {
  if (!found.length) return [el("p", { class: "quiet" }, "No alert was ever sent.")];
  const list = (some) => el("ul", { class: "alerts" }, some.map(one));
  const older = found.slice(SHOWN);
  return [
    list(found.slice(0, SHOWN)),
    older.length ? unfolding("older", [`${counted(older.length, "older alert")}`], () => list(older)) : null,
  ];
}

function one(alert) {
  const over = Boolean(alert.resolved_at);
  const summary = [
    el(
      "span",
      { class: over ? "mark good" : `mark ${alert.severity}` },
      over ? "✓ over" : alert.severity === "error" ? "✕ open" : "! open",
    ),
    el("time", {}, moment(alert.at)),
    el("span", { class: "name" }, alert.title),
  ];
  const more = () =>
    el(
      "div",
      { class: "more" },
      alert.body ? el("pre", { tabindex: 0 }, alert.body) : null,
      el(
        "p",
        {},
        over ? `Over since ${moment(alert.resolved_at)}. ` : "",
        alert.url ? link(alert.url, "Open in Airflow") : "",
      ),
    );
  return el("li", {}, unfolding(`alert ${alert.at} ${alert.title}`, summary, more));
}
