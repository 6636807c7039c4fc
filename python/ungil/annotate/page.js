"use strict";
(() => {
  const rows = [...document.querySelectorAll(".row.more")];
  const all = document.getElementById("all");
  let at = -1;
  const panel = (row) => document.getElementById(row.getAttribute("aria-controls"));
  const open = (row, wanted) => {
    const now = wanted === undefined ? row.getAttribute("aria-expanded") !== "true" : wanted;
    row.setAttribute("aria-expanded", String(now));
    panel(row).hidden = !now;
  };
  const go = (to) => {
    if (!rows.length) return;
    if (at >= 0) rows[at].classList.remove("here");
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].classList.add("here");
    rows[at].focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const toggleAll = () => {
    const wanted = rows.some((row) => row.getAttribute("aria-expanded") !== "true");
    rows.forEach((row) => open(row, wanted));
    if (all) all.textContent = wanted ? "Close all" : "Open all";
  };
  rows.forEach((row, i) => {
    row.addEventListener("click", () => {
      if (String(window.getSelection())) return;
      go(i);
      open(row);
    });
    row.addEventListener("focus", () => { if (at !== i) go(i); });
  });
  if (all) all.addEventListener("click", toggleAll);
  const hot = (row) => row.classList.contains("hot");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "BUTTON") return;
    const row = rows[at];
    const keys = {
      ArrowDown: () => go(at + 1), j: () => go(at + 1), ArrowUp: () => go(at - 1), k: () => go(at - 1),
      Home: () => go(0), End: () => go(rows.length - 1),
      Enter: () => row && open(row), " ": () => row && open(row),
      ArrowRight: () => row && open(row, true), ArrowLeft: () => row && open(row, false),
      Escape: () => rows.forEach((one) => open(one, false)), e: toggleAll,
      n: () => { const next = rows.findIndex((one, i) => i > at && hot(one)); if (next >= 0) go(next); },
      p: () => { const before = rows.findLastIndex((one, i) => i < at && hot(one)); if (before >= 0) go(before); },
    };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });
})();
