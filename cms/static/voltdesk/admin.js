// Dialogs one can use without a mouse, and small helpers of our pages. Unfold brings htmx and Alpine.
"use strict";
(() => {
  let opener = null; // where the focus goes back to

  const page = () => Alpine.$data(document.documentElement);
  const isOpen = () => page().openModal;
  const content = () => document.getElementById("modal-content");
  const stops = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, [tabindex='0']";

  // What is not shown yet takes no focus.
  function focusInside(patience = 200) {
    if (patience && !content().getClientRects().length) return requestAnimationFrame(() => focusInside(patience - 1));
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

  // A menu is gone by then: what opened it is still there.
  function openedBy(link) {
    const menu = link.closest("nav[id]");
    return (menu && document.querySelector(`[aria-controls="${menu.id}"]`)) || link;
  }

  function load(address, from) {
    opener = from;
    htmx.ajax("GET", address, { target: "#modal-content", select: "#dialog", swap: "innerHTML" });
  }

  // Ctrl-K leads to .../change/#do=reset: the page of a row, with that dialog over it.
  function openByAddress() {
    const named = /^#do=([a-z_-]+)$/.exec(location.hash);
    if (!named || !location.pathname.endsWith("/change/")) return;
    history.replaceState(history.state, "", location.pathname + location.search); // once, not at each reload
    const address = location.pathname.replace(/change\/$/, `${named[1]}/`);
    const link = document.querySelector(`a[data-dialog][href="${address}"]`);
    load(address, link ? openedBy(link) : document.querySelector("[data-menu]"));
  }
  addEventListener("hashchange", openByAddress);

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
      load(link.href, openedBy(link));
    } else if (at("a[hx-get][hx-target='#modal-content']")) {
      opener = openedBy(at("a"));
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
    if (event.key === "Tab" && isOpen()) trap(event);
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
      requestAnimationFrame(() => focusInside());
    } else if (event.target.closest && event.target.closest("#dialog") && event.target.id === "dialog") {
      requestAnimationFrame(() => focusInside());
    }
  });

  // What nobody filled in has no place in an address.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-sparse]")) return;
    const custom = event.target.querySelector("option[value=custom]:checked");
    event.target.querySelectorAll("[name]").forEach((field) => {
      field.disabled = !field.value || (!custom && ["since", "until"].includes(field.name));
    });
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sparse] [name]").forEach((field) => { field.disabled = false; });
  });

  // A refusal (no permission, no session any more) must not look like nothing.
  document.addEventListener("htmx:responseError", (event) => {
    const polled = event.detail.elt.getAttribute("hx-trigger");
    if (polled && polled.includes("every")) return;
    const status = event.detail.xhr.status;
    alert(status === 403 ? "You may not do this." : `It did not work (${status}).`);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const overlay = document.getElementById("modal-overlay");
    if (!overlay) return;
    openByAddress();
    let wasOpen = false;
    new MutationObserver(() => {
      const open = overlay.style.display !== "none";
      if (wasOpen && !open) whenClosed();
      wasOpen = open;
    }).observe(overlay, { attributes: true, attributeFilter: ["style"] });
  });
})();
