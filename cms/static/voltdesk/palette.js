// Ctrl-K, or the button of who has no such key: a dialog that chooses its first line by itself.
// "?" shows the shortcuts. Unfold brings the search box.
"use strict";
(() => {
  const LIST = "command-results";
  const typing = (element) => element.matches("input, textarea, select, [contenteditable]");
  const frame = () => document.getElementById(LIST).closest("[x-data]");
  const box = () => Alpine.$data(frame());
  const input = () => document.getElementById("search-input-command");
  let opener = null; // where the focus goes back to

  function close() {
    if (!box().openCommandResults) return;
    input().value = ""; // with something in it, Unfold would only empty it
    box().handleEscape();
  }

  // A line that stays on this page (a command of the station one looks at) leaves it to the dialog.
  addEventListener("hashchange", () => { opener = null; close(); });

  document.addEventListener("keydown", (event) => {
    if (!input() || !box().openCommandResults) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      event.preventDefault(); // lines are chosen by arrows
      input().focus();
    }
  }, true);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== LIST) return;
    requestAnimationFrame(() => { if (box().items && box().items.length) box().currentIndex = 1; });
  });

  // Enter before anything was found leads nowhere, and must not end in an error.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.id !== "search-input-command") return;
    const state = box();
    if (state.items && state.items[state.currentIndex - 1]) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || typing(event.target)) return;
    const dialog = document.getElementById("shortcuts");
    if (!dialog || dialog.open || Alpine.$data(document.documentElement).openModal) return;
    event.preventDefault();
    dialog.showModal();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search]")) dispatchEvent(new CustomEvent("opencommand"));
    const dialog = document.getElementById("shortcuts");
    if (!dialog) return;
    if (event.target.closest("[data-shortcuts]")) dialog.showModal();
    else if (event.target === dialog || event.target.closest("[data-shortcuts-close]")) dialog.close();
  });

  // The box is a dialog to who does not see it.
  document.addEventListener("DOMContentLoaded", () => {
    if (!input()) return;
    input().setAttribute("aria-label", input().placeholder);
    frame().setAttribute("role", "dialog");
    frame().setAttribute("aria-modal", "true");
    frame().setAttribute("aria-label", input().placeholder);
    let wasOpen = false;
    new MutationObserver(() => {
      const open = frame().style.display !== "none";
      if (open && !wasOpen) opener = document.activeElement;
      if (wasOpen && !open && opener && document.contains(opener)) opener.focus();
      wasOpen = open;
    }).observe(frame(), { attributes: true, attributeFilter: ["style"] });
  });
})();
