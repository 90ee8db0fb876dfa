// Records that were put aside, by reason, each with an example.

import { el, table } from "./dom.js";
import { moment, whole } from "./format.js";

/** A table of reasons, the most frequent first. */
export function quarantine(found) {
  if (!found.length)
    return el("p", { class: "fine" }, el("span", { "aria-hidden": true }, "✓ "), "No record is put aside.");
  const heads = [["Reason"], ["Records", "sum"], ["Objects", "sum"], ["Last seen", "at"], ["For example", "example"]];
  const rows = found
    .toSorted((one, other) => other.records - one.records)
    .map((reason) => [
      reason.reason,
      whole(reason.records),
      whole(reason.objects),
      moment(reason.last_seen),
      example(reason.example),
    ]);
  return table("Quarantine by reason", heads, rows);
}

function example(found) {
  if (!found) return "–";
  const { object, line, column, value } = found;
  const place = [
    object,
    line === null || line === undefined ? null : `line ${line}`,
    column ? `column ${column}` : null,
  ];
  const told = value === null || value === undefined ? null : el("code", { class: "value" }, String(value));
  return [el("span", { class: "place" }, place.filter(Boolean).join(", ")), told];
}
