// The colours of the style sheet as a canvas needs them.

import { STATES } from "./states.js";

/** Fill and ink of each state, by letter, in the theme that is on. */
export function colours() {
  return Object.fromEntries(
    Object.entries(STATES).map(([letter, { name }]) => {
      const kind = name.replace(" ", "-");
      return [letter, { fill: colour(kind), ink: colour(`${kind}-ink`) }];
    }),
  );
}

/** A colour by its name in theme.css, without the dashes. */
export function colour(name) {
  // a custom property reads as it was written, light-dark(…); the colour of an element reads as what is painted
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(--${name})`;
  const painted = getComputedStyle(probe).color;
  probe.remove();
  return painted;
}
