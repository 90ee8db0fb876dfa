// What needs a person, and how many hours are in which state; the latter is the key to the calendar too.

import { el, link } from "./dom.js";
import { whole } from "./format.js";
import { STATES, WORST_FIRST } from "./states.js";

/** What needs a person: what it is, why, and what to do. */
export function attention(found) {
  if (!found.length) return el("p", { class: "fine" }, el("span", { "aria-hidden": true }, "✓ "), "Nothing does.");
  return el("ul", { class: "attention" }, found.map(({ what, why, do: todo, url }) => el("li", {},
    el("strong", {}, what),
    why ? el("p", {}, why) : null,
    todo ? el("p", {}, el("span", { class: "label" }, "Do: "), todo) : null,
    url ? el("p", {}, link(url, "Open in Airflow")) : null)));
}

/** Counts of hours by state, each with its sign. */
export function counts(found) {
  const shown = WORST_FIRST.filter((letter) => letter !== ".").reverse();
  return el("dl", { class: "counts" }, shown.map((letter) => {
    const { name, sign, what } = STATES[letter];
    return el("div", { title: what, class: found[name] ? "" : "none" },
      el("dt", {}, el("span", { class: `cell ${name}`, "aria-hidden": true }, sign), ` ${name}`),
      el("dd", {}, whole(found[name] ?? 0)));
  }));
}
