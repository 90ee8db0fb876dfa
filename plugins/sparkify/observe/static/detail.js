// What is told of the hour, day or month that is pointed at or has the focus, beside the calendar.

import { get } from "./api.js";
import { el, link } from "./dom.js";
import { counted, moment, percent, whole } from "./format.js";
import { go } from "./frame.js";
import { STATES } from "./states.js";

const PAUSE = 120; // milliseconds that the pointer rests on a cell before the server is asked
const OBJECTS = 8; // how many are named

/** The pane, and what the hours told so far; `forget` when they may have changed. */
export class Detail {
  constructor(pane) {
    this.pane = pane;
    this.known = new Map();
    this.current = null;
    this.asking = null;
  }

  forget() {
    this.known.clear();
  }

  /** Tells of an hour, e.g. `2018-12-03T05`; `title` is there at once, the rest when the server has answered. */
  look(hour, title) {
    if (this.current === hour && this.asking) return;
    this.asking?.abort();
    this.current = hour;
    this.asking = new AbortController();
    const { signal } = this.asking;
    if (!this.known.has(hour)) this.tell(title, el("p", { class: "quiet" }, "…"));
    this.ask(hour, this.known.has(hour) ? 0 : PAUSE, signal).then(
      (told) => !signal.aborted && this.tell(title, ...lines(told)),
      (error) => !signal.aborted && this.tell(title, el("p", { class: "bad" }, error.message), el("p", {}, error.todo)),
    );
  }

  /** Follows an hour to its run in Airflow's UI, if a run has covered it. */
  async open(hour) {
    try {
      const { url } = await this.ask(hour, 0);
      if (url) go(new URL(url, document.baseURI).href);
    } catch {
      // what is wrong stands in the pane already
    }
  }

  async ask(hour, pause, signal) {
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal?.aborted) throw signal.reason;
    if (!this.known.has(hour)) this.known.set(hour, JSON.parse(await get("hour", { hour }, signal)));
    return this.known.get(hour);
  }

  /** Shows a title and what belongs to it. */
  tell(title, ...content) {
    this.pane.replaceChildren(el("h3", {}, title), ...content);
  }

  /** Says what can be done, before anything was pointed at. */
  invite(text) {
    this.current = null;
    this.asking?.abort();
    this.pane.replaceChildren(el("p", { class: "quiet" }, text));
  }
}

function lines(hour) {
  const state = Object.values(STATES).find(({ name }) => name === hour.state) ?? STATES["."];
  const published = Boolean(hour.published_at);
  const facts = [
    ["Plays", published && whole(hour.rows)],
    ["Matched to a song", published && `${whole(hour.matched)} (${percent(hour.matched, hour.rows)})`],
    ["Put aside", published && whole(hour.rejected)],
    ["Published", published && moment(hour.published_at)],
  ];
  return [
    el("p", { class: "quiet" }, `${state.what[0].toUpperCase()}${state.what.slice(1)}.`),
    state.todo ? el("p", {}, el("span", { class: "label" }, "Do: "), state.todo) : "",
    el(
      "dl",
      {},
      facts.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    ),
    hour.run_id ? el("p", { class: "label" }, "Run") : "",
    hour.run_id ? el("p", {}, link(hour.url, hour.run_id)) : "",
    ...objects(hour.objects ?? []),
  ];
}

function objects(found) {
  const named = found
    .slice(0, OBJECTS)
    .map(({ key, lines: all, rows, rejects }) =>
      el(
        "li",
        {},
        el("code", {}, key),
        ` ${counted(all, "line")}, ${counted(rows, "row")}`,
        rejects ? `, ${whole(rejects)} put aside` : "",
      ),
    );
  const rest =
    found.length > OBJECTS ? [el("li", { class: "quiet" }, `and ${whole(found.length - OBJECTS)} more`)] : [];
  return found.length ? [el("p", { class: "label" }, "Read from"), el("ul", {}, named, rest)] : [];
}
