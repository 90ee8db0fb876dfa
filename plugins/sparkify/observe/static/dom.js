// Makes and replaces elements. Text is only ever set as text, and links only lead to http(s): values come from bad
// input.

/**
 * Makes an element.
 * @param {string} tag
 * @param {Object<string, string|number|boolean|null|undefined>} attributes - null, undefined and false are left out
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A link into Airflow's UI, in place of the frame that the page is shown in; plain text if the address is none. */
export function link(url, ...children) {
  const address = reachable(url);
  return address
    ? el("a", { href: address, target: "_top", "data-key": `link ${url}` }, ...children)
    : el("span", {}, ...children);
}

function reachable(url) {
  try {
    const address = url ? new URL(url, document.baseURI) : null;
    return address && ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** A part that unfolds; what is in it is made when it is opened first. */
export function unfolding(key, summary, content) {
  const made = el("details", { "data-unfolds": key }, el("summary", { "data-key": `unfold ${key}` }, ...summary));
  made.fill = () => made.children.length === 1 && made.append(content());
  made.addEventListener("toggle", () => made.open && made.fill());
  return made;
}

/** Replaces what is in an element; what was unfolded or had the focus, by its data-key, still is or has. */
export function replace(host, ...children) {
  const opened = [...host.querySelectorAll("details[open]")].map((part) => part.dataset.unfolds); // outer ones first
  const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  host.replaceChildren(...children.flat().filter(Boolean));
  for (const key of opened) {
    const part = [...host.querySelectorAll("details")].find(({ dataset }) => dataset.unfolds === key);
    if (!part) continue;
    part.open = true;
    part.fill();
  }
  if (focused !== undefined) {
    [...host.querySelectorAll("[data-key]")]
      .find((part) => part.dataset.key === focused)
      ?.focus({ preventScroll: true });
  }
}

/** A table that may be scrolled sideways by itself, by keyboard too. */
export function table(label, heads, rows) {
  const head = el(
    "tr",
    {},
    heads.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)),
  );
  const body = rows.map((cells) =>
    el(
      "tr",
      {},
      cells.map((cell, n) => el("td", { class: heads[n][1], "data-head": heads[n][0] }, cell)),
    ),
  );
  const made = el("table", {}, el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "scrolls", role: "region", "aria-label": label, tabindex: 0 }, made);
}
