// The page of a station: tabs one can reach by keyboard and by address, and the menu of commands.
"use strict";
(() => {
  const root = () => document.querySelector(".vd-tabbed");
  const tabs = () => [...document.querySelectorAll(".vd-tabs [role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const nameOf = (tab) => tab.id.replace("tab-", "");

  function choose(tab, remember = true) {
    tabs().forEach((one) => {
      const chosen = one === tab;
      one.setAttribute("aria-selected", chosen);
      chosen ? one.removeAttribute("tabindex") : (one.tabIndex = -1);
      panelOf(one).hidden = !chosen;
    });
    root().dataset.tab = nameOf(tab);
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (remember) {
      const address = new URL(location.href);
      address.searchParams.set("tab", nameOf(tab));
      history.replaceState(history.state, "", address);
    }
    htmx.trigger(panelOf(tab), "shown");
  }

  function walk(event, list, at) {
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined || at < 0) return null;
    event.preventDefault();
    const found = list[(to + list.length) % list.length];
    found.focus();
    return found;
  }

  const menuOf = (button) => document.getElementById(button.getAttribute("aria-controls"));
  const opened = () => document.querySelector("[data-menu][aria-expanded=true]");

  function show(button, open) {
    button.setAttribute("aria-expanded", open);
    menuOf(button).hidden = !open;
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest(".vd-tabs [role=tab]");
    if (tab && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      choose(tab);
    }
    const button = event.target.closest("[data-menu]"), before = opened();
    if (before && before !== button && (!menuOf(before).contains(event.target) || event.target.closest("a[href]"))) show(before, false);
    if (button) {
      show(button, button.getAttribute("aria-expanded") !== "true");
      const first = menuOf(button).querySelector("a");
      if (event.detail === 0 && first && !menuOf(button).hidden) first.focus(); // by keyboard
    }
  });

  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (at.matches(".vd-tabs [role=tab]") && !["ArrowUp", "ArrowDown"].includes(event.key)) {
      if (event.key === " ") { event.preventDefault(); return choose(at); }
      const tab = walk(event, tabs(), tabs().indexOf(at));
      if (tab) choose(tab);
    }
    const button = opened();
    if (!button) return;
    const links = [...menuOf(button).querySelectorAll("a[href]")];
    if (event.key === "Escape") {
      show(button, false);
      button.focus();
    } else if (event.key === "ArrowDown" && at === button) {
      event.preventDefault();
      links[0].focus();
    } else if (links.includes(at)) walk(event, links, links.indexOf(at));
  });

  // Leaving the menu by Tab closes it.
  document.addEventListener("focusin", (event) => {
    const button = opened();
    if (button && event.target !== button && !menuOf(button).contains(event.target)) show(button, false);
  });

  // What is edited in place takes the focus when it is there.
  document.addEventListener("htmx:afterSettle", (event) => {
    const field = event.target.closest && event.target.closest(".vd-settings tr") && event.target.querySelector("[autofocus]");
    if (field) field.focus();
  });
})();
