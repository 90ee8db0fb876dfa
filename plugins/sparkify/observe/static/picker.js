// Chooses the range: a preset, the range beside it, or two days.

import { el } from "./dom.js";
import { DEFAULT, PRESETS, beside, daysOf } from "./range.js";

/**
 * Fills the form once; `show` then says what is chosen.
 * @param {HTMLFormElement} form
 * @param {function({preset?: string, start?: string, end?: string}): void} choose
 * @returns {function({preset?: string}, {start: string, end: string}): void} show
 */
export function picker(form, choose) {
  let shown = null;
  const presets = PRESETS.map(([name, text]) => button(text, () => choose({ preset: name }), { "data-preset": name }));
  const step = (text, label, by) =>
    button(text, () => shown && choose(beside(shown, by)), { "aria-label": label, title: label });
  const start = el("input", { type: "date", name: "start", required: true });
  const end = el("input", { type: "date", name: "end", required: true });
  form.replaceChildren(
    el("div", { class: "joined", role: "group", "aria-label": "Newest" }, presets),
    el("div", { class: "joined" }, step("‹", "Earlier", -1), step("›", "Later", 1)),
    el(
      "div",
      { class: "days" },
      el("label", {}, "From ", start),
      el("label", { title: "not included" }, "up to ", end),
      el("button", { type: "submit" }, "Show"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    end.setCustomValidity(start.value < end.value ? "" : "This day is not included, so it must be after the first.");
    if (form.reportValidity()) choose({ start: start.value, end: end.value });
  });
  end.addEventListener("input", () => end.setCustomValidity(""));
  return (choice, range) => {
    shown = choice.start ? choice : { start: range.start.slice(0, 10), end: range.end.slice(0, 10) };
    const standard = choice.start || daysOf(shown) > 31 ? null : DEFAULT;
    for (const preset of presets)
      preset.setAttribute(
        "aria-pressed",
        String(preset.dataset.preset === (choice.preset ?? standard)),
      );
    if (!form.contains(document.activeElement) || document.activeElement.type !== "date") {
      start.value = shown.start;
      end.value = shown.end;
    }
  };
}

function button(text, act, attributes) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}
