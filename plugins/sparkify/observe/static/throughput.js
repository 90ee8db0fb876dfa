// How long runs took, and how many lines they read in a second.

import { chart } from "./charts.js";
import { el } from "./dom.js";
import { bytes, counted, moment, seconds, short, utc, whole } from "./format.js";

/**
 * Makes both charts.
 * @param {Array<{at: string, run_id: string, seconds: number, lines: number, bytes: number}>} runs - in any order
 * @returns {HTMLElement[]}
 */
export function throughput(runs) {
  const timed = runs
    .filter((run) => run.seconds > 0 && run.lines !== null)
    .sort((one, other) => utc(one.at) - utc(other.at));
  if (!timed.length)
    return [el("p", { class: "quiet" }, "No run that was published in this range is known with its time.")];
  const at = timed.map((run) => utc(run.at).getTime() / 1000);
  const speeds = timed.map((run) => run.lines / run.seconds);
  const told = (n) => {
    const run = timed[n];
    const size = run.bytes ? ` (${bytes(run.bytes)})` : "";
    return `${moment(run.at)}: ${counted(run.lines, "line")}${size} in ${seconds(run.seconds)}, ${run.run_id}`;
  };
  const common = { at, told, kind: "points", sync: "runs", span: span(at) };
  return [
    chart({
      ...common,
      tint: "loaded-strong",
      title: "Seconds from start to publication",
      axis: short,
      values: timed.map((run) => run.seconds),
      summary: `${counted(timed.length, "run")}, median ${seconds(median(timed.map((run) => run.seconds)))}`,
    }),
    chart({
      ...common,
      tint: "accent",
      title: "Lines a second",
      axis: short,
      values: speeds,
      summary: `median ${whole(Math.round(median(speeds)))}`,
    }),
  ];
}

function span(at) {
  const length = at.at(-1) - at[0];
  const margin = length < 86_400 ? (86_400 - length) / 2 : length * 0.02; // a day at least
  return [at[0] - margin, at.at(-1) + margin];
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
