// Lists: cells that renew themselves in place, and rows one can expand without a mouse.
"use strict";
(() => {
  // What came replaces what differs, so that ticks, open rows, menus and the focus stay as they are.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.target.matches("[data-patches]") || !event.detail.successful) return;
    const came = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    came.querySelectorAll("[id^=vd-live-]").forEach((fresh) => {
      const shown = document.getElementById(fresh.id);
      if (shown && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
    });
  });

  // Unfold expands a row by a click on a cell: the cell gets a button, whose click reaches it.
  function giveButton(cell) {
    const icon = cell.querySelector(".material-symbols-outlined");
    const row = cell.closest("tr").querySelector("th strong, th a, td a");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "vd-expander";
    button.ariaExpanded = "false";
    button.ariaLabel = [cell.dataset.label, row && row.textContent.trim()].filter(Boolean).join(": ");
    icon.ariaHidden = "true";
    icon.replaceWith(button);
    button.append(icon);
    cell.addEventListener("click", () => {
      button.ariaExpanded = button.ariaExpanded === "true" ? "false" : "true";
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("#result_list td[x-on\\:click^='rowOpen']").forEach(giveButton);
  });
})();
