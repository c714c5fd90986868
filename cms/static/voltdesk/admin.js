// Dialogs one can use without a mouse, and small helpers of our pages. Unfold brings htmx and Alpine.
"use strict";
(() => {
  let opener = null; // where the focus goes back to

  const page = () => Alpine.$data(document.documentElement);
  const isOpen = () => page().openModal;
  const content = () => document.getElementById("modal-content");
  const stops = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, [tabindex='0']";

  function focusInside() {
    const field = content().querySelector(".vd-wrong input, .vd-wrong select, .vd-wrong textarea")
      || content().querySelector("form input:not([type=hidden]):not([type=radio]), form input[type=radio]:checked, form select, form textarea");
    (field || content().querySelector("#dialog-title") || content()).focus();
  }

  function close() {
    page().openModal = false;
  }

  function whenClosed() {
    if (content().querySelector("[data-reload]")) location.reload(); // something happened: show it
    content().replaceChildren(); // what polls in there stops with it
    if (opener && document.contains(opener)) opener.focus();
    opener = null;
  }

  function load(link) {
    opener = link;
    htmx.ajax("GET", link.href, { target: "#modal-content", select: "#dialog", swap: "innerHTML" });
  }

  function copy(button) {
    const text = document.getElementById(button.dataset.copy);
    const done = () => { button.textContent = "✓"; };
    if (navigator.clipboard) return navigator.clipboard.writeText(text.textContent).then(done);
    getSelection().selectAllChildren(text); // plain http: there is no clipboard
    document.execCommand("copy");
    done();
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    const link = at("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      load(link);
    } else if (at("a[hx-get][hx-target='#modal-content']")) {
      opener = at("a");
    } else if (at("[data-close], [data-reload]")) {
      isOpen() ? close() : location.reload();
    } else if (at("[data-copy]")) {
      copy(at("[data-copy]"));
    }
  });

  // A key that is shown only once must not vanish by a click beside it or by Escape.
  const isShownOnce = () => isOpen() && document.getElementById("secret");
  window.addEventListener("click", (event) => {
    if (isShownOnce() && !content().contains(event.target)) event.stopPropagation();
  }, true);
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isShownOnce()) event.stopPropagation();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && isOpen()) return trap(event);
    if ((event.key === "Enter" || event.key === " ") && event.target.matches("[data-vd-key]")) {
      event.preventDefault();
      event.target.click();
    }
  });

  function trap(event) {
    const inside = [...content().querySelectorAll(stops)].filter((element) => element.offsetParent);
    if (!inside.length) return;
    const first = inside[0], last = inside[inside.length - 1];
    const out = !content().contains(document.activeElement);
    if (event.shiftKey ? document.activeElement === first || out : document.activeElement === last || out) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "modal-content") {
      page().openModal = true;
      setTimeout(focusInside, 50);
    } else if (event.target.closest && event.target.closest("#dialog") && event.target.id === "dialog") {
      setTimeout(focusInside, 50);
    }
  });

  // A refusal (no permission, no session any more) must not look like nothing.
  document.addEventListener("htmx:responseError", (event) => {
    const polled = event.detail.elt.getAttribute("hx-trigger");
    if (polled && polled.startsWith("every")) return;
    const status = event.detail.xhr.status;
    alert(status === 403 ? "You may not do this." : `It did not work (${status}).`);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const overlay = document.getElementById("modal-overlay");
    if (!overlay) return;
    let wasOpen = false;
    new MutationObserver(() => {
      const open = overlay.style.display !== "none";
      if (wasOpen && !open) whenClosed();
      wasOpen = open;
    }).observe(overlay, { attributes: true, attributeFilter: ["style"] });
    // Unfold's row menus are spans without a tab stop.
    document.querySelectorAll("span[x-ref^='rowDropdown']").forEach((menu) => {
      menu.tabIndex = 0;
      menu.setAttribute("role", "button");
      menu.setAttribute("aria-label", "More actions");
      menu.dataset.vdKey = "";
    });
  });
})();
