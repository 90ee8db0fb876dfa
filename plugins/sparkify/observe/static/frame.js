// The page in the frame of Airflow's UI. The frame is sandboxed: it may neither replace the page around it nor open a
// window. It has the same origin, so the page around it does so in its place. By itself the page needs none of this.

const around = (() => {
  try {
    return window.parent !== window && window.parent.document ? window.parent : null;
  } catch {
    return null; // framed by another origin
  }
})();

/** Lets links of this document be followed. */
export function followLinks() {
  if (!around) return;
  for (const kind of ["click", "auxclick"]) {
    document.addEventListener(kind, (event) => {
      const found = event.target.closest?.("a[href]");
      if (!found || event.button > 1) return;
      event.preventDefault();
      go(found.href, event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey);
    });
  }
}

/** Opens an address: in place of the whole window, or in a new one. */
export function go(address, anew = false) {
  const owner = (around ?? window).document;
  const made = Object.assign(owner.createElement("a"), {
    href: address,
    target: anew ? "_blank" : "_self",
    rel: "noopener",
  });
  owner.body.append(made);
  made.click();
  made.remove();
}

/** Tells Airflow's UI the address of the page, which it shows as its own; it looks whenever the frame has loaded. */
export function tellAddress() {
  if (around) window.frameElement?.dispatchEvent(new Event("load"));
}
