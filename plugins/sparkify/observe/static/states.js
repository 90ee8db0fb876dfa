// What became of an hour: each state has a letter on the wire, a name, and a sign that is read without its colour.

export const STATES = {
  f: {
    name: "failed",
    sign: "F",
    what: "a run that covers it failed, and it was not published since",
    todo: "Open its run, correct the cause, then clear the failed task with everything downstream.",
  },
  m: {
    name: "missing",
    sign: "M",
    what: "over, and no run has published it",
    todo: "Trigger the DAG with this hour as start and the next as end.",
  },
  t: { name: "late", sign: "L", what: "its run should have ended by now", todo: "See what its run waits for." },
  s: {
    name: "stale",
    sign: "S",
    what: "published from other events than its object holds now",
    todo: "The schedule loads it again if it is of the last days; an older one is triggered as a range.",
  },
  e: { name: "empty", sign: "·", what: "published, and nobody played anything" },
  l: { name: "loaded", sign: "", what: "published" },
  ".": { name: "not due", sign: "", what: "not over yet, or before the first" },
};

export const WORST_FIRST = Object.keys(STATES);
export const BAD = ["f", "m", "t", "s"];

/** How many hours of each state some days have, by letter. */
export function tally(days) {
  const counts = Object.fromEntries(WORST_FIRST.map((letter) => [letter, 0]));
  for (const { states } of days) for (const letter of states) counts[letter] += 1;
  return counts;
}

/** The worst letter that is there, or "." */
export const worst = (counts) => WORST_FIRST.find((letter) => counts[letter] > 0) ?? ".";

/** Hours that are due, and of them those that are published and as their source is. */
export function settled(counts) {
  const good = counts.l + counts.e;
  return { good, due: BAD.reduce((sum, letter) => sum + counts[letter], good) };
}

/** `22 loaded, 2 missing`. */
export function told(counts) {
  const parts = WORST_FIRST.filter((letter) => counts[letter] > 0 && letter !== ".");
  return (
    parts
      .reverse()
      .map((letter) => `${counts[letter]} ${STATES[letter].name}`)
      .join(", ") || STATES["."].name
  );
}
