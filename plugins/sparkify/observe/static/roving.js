// One stop of the Tab key for many cells, among which arrows move (WAI-ARIA: grid pattern, roving tabindex).

/**
 * Lets arrows, Home, End, Page Up and Page Down move among the cells of an element, as they lie on the screen.
 * @param {HTMLElement} host - listens; its cells may be replaced
 * @param {string} selector - of the cells, in reading order
 */
export function rove(host, selector) {
  host.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !event.target.matches(selector)) return;
    const to = next(event.key, event.target, [...host.querySelectorAll(selector)]);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  host.addEventListener("focusin", (event) => {
    if (event.target.matches(selector)) mark(host, selector, event.target);
  });
}

/** Makes one cell the stop of the Tab key: the one of this key, or else the first. */
export function stopAt(host, selector, key) {
  const cells = [...host.querySelectorAll(selector)];
  const stop = cells.find((cell) => cell.dataset.key === key) ?? cells[0];
  if (stop) mark(host, selector, stop);
}

function mark(host, selector, stop) {
  host.querySelector(`${selector}[tabindex="0"]`)?.setAttribute("tabindex", "-1");
  stop.setAttribute("tabindex", "0");
}

function next(key, cell, cells) {
  const at = cells.indexOf(cell);
  if (key === "ArrowLeft") return cells[at - 1];
  if (key === "ArrowRight") return cells[at + 1];
  const rows = [...Map.groupBy(cells, (one) => Math.round(one.getBoundingClientRect().top)).values()];
  const row = rows.findIndex((one) => one.includes(cell));
  const near = (other) => other?.reduce((best, one) => (distance(one, cell) < distance(best, cell) ? one : best));
  const moves = {
    ArrowUp: () => near(rows[row - 1]),
    ArrowDown: () => near(rows[row + 1]),
    Home: () => rows[row][0],
    End: () => rows[row].at(-1),
    PageUp: () => near(rows[0]),
    PageDown: () => near(rows.at(-1)),
  };
  return moves[key]?.();
}

const distance = (one, other) => Math.abs(one.getBoundingClientRect().left - other.getBoundingClientRect().left);
