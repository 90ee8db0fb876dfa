// What needs a person, and how many hours are in which state; the latter is the key to the calendar too.

import { el, link, unfolding } from "./dom.js";
import { counted, whole } from "./format.js";
import { STATES, WORST_FIRST } from "./states.js";

const LINES = 3; // of a reason, before the rest unfolds

/** What needs a person: what it is, why, and what to do. */
export function attention(found) {
  if (!found.length) return el("p", { class: "fine" }, el("span", { "aria-hidden": true }, "✓ "), "Nothing does.");
  return el(
    "ul",
    { class: "attention" },
    found.map(({ what, why, do: todo, url }) =>
      el(
        "li",
        {},
        el("strong", {}, what),
        reason(what, why ?? ""),
        todo ? el("p", {}, el("span", { class: "label" }, "Do: "), todo) : null,
        url ? el("p", {}, link(url, "Open in Airflow")) : null,
      ),
    ),
  );
}

function reason(what, why) {
  const lines = why.split("\n");
  const rest = lines.slice(LINES).join("\n");
  return [
    el("p", {}, lines.slice(0, LINES).join("\n")),
    rest
      ? unfolding(`why ${what}`, [`${counted(lines.length - LINES, "more line")}`], () =>
          el("pre", { tabindex: 0 }, rest),
        )
      : null,
  ];
}

/** Counts of hours by state, each with its sign. */
export function counts(found) {
  const shown = WORST_FIRST.filter((letter) => letter !== ".").reverse();
  return el(
    "dl",
    { class: "counts" },
    shown.map((letter) => {
      const { name, sign, what } = STATES[letter];
      return el(
        "div",
        { title: what, class: found[name] ? "" : "none" },
        el("dt", {}, el("span", { class: `cell ${name}`, "aria-hidden": true }, sign), ` ${name}`),
        el("dd", {}, whole(found[name] ?? 0)),
      );
    }),
  );
}
