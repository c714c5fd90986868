// What Unfold leaves to the mouse and the eye: menus by keyboard, names for what shows only an icon.
"use strict";
(() => {
  const NAMES = { close: "Close the menu", dock_to_right: "Menu", ev_station: "Home", more_horiz: "More actions", more_vert: "Change or add", search: "Search" };
  const ICON = ".material-symbols-outlined";
  const MENU = "body > nav[x-show]"; // a page's and a row's menus are put there when they open
  const OPENER = "#header-inner a[x-on\\:click]:not([href]), [x-ref^='rowDropdown']";
  const CONTROL = "#header-inner [x-on\\:click], #nav-sidebar-inner [x-on\\:click], [x-ref^='rowDropdown'], [x-ref^='relatedWidget']";

  function words(control) {
    const copy = control.cloneNode(true);
    copy.querySelectorAll(ICON).forEach((icon) => icon.remove());
    return copy.matches(ICON) ? "" : copy.textContent.trim();
  }

  // An icon is a word of a font, which would be read aloud: "ev_station Stations".
  function nameIcon(icon) {
    const control = icon.closest("a, button, [role=button], [x-on\\:click]");
    if (control && !control.ariaLabel && !words(control)) control.ariaLabel = control.title || NAMES[icon.textContent.trim()] || null;
    if (control !== icon) icon.ariaHidden = "true";
  }

  function reach(control) {
    if (control.matches("a[href], button, input")) return;
    control.tabIndex = 0;
    control.role = "button";
    control.addEventListener("keydown", (event) => {
      if (event.target !== control || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      control.click();
    });
  }

  // Select2 draws its own fields and forgets their labels.
  function nameChoice(choice) {
    const select = choice.closest(".select2-container").previousElementSibling;
    const label = select && document.querySelector(`label[for="${select.id}"]`);
    const name = label ? label.textContent.trim() : "Choose";
    choice.removeAttribute("aria-labelledby"); // it names what was chosen, which may be nothing
    choice.ariaLabel = name;
    choice.querySelectorAll("[role=textbox], input").forEach((part) => { part.ariaLabel = name; });
  }

  const openMenu = () => [...document.querySelectorAll(MENU)].find((menu) => menu.getClientRects().length);
  const openerOf = (menu) => document.querySelector(`[aria-controls="${menu.id}"]`);
  let count = 0;

  // Alpine takes a moment to show it.
  function opened(opener, byKeyboard, patience = 200) {
    const menu = openMenu();
    if (!menu && patience) return requestAnimationFrame(() => opened(opener, byKeyboard, patience - 1));
    if (!menu) return;
    opener.ariaExpanded = "true";
    menu.id = menu.id || `menu-${++count}`;
    opener.setAttribute("aria-controls", menu.id);
    if (byKeyboard) menu.querySelector("a").focus();
  }

  function walk(event, menu) {
    const links = [...menu.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    links[(to + links.length) % links.length].focus();
  }

  // Before Alpine sees the click: a menu that is about to close stays visible for a moment.
  document.addEventListener("click", (event) => {
    const menu = openMenu(), opener = event.target.closest(OPENER);
    const former = menu && menu.id && openerOf(menu);
    if (former) former.ariaExpanded = "false";
    if (former && menu.contains(event.target)) former.click(); // what it leads to must not stand behind it
    else if (opener && opener !== former) requestAnimationFrame(() => opened(opener, event.detail === 0));
  }, true);

  document.addEventListener("keydown", (event) => {
    const menu = openMenu();
    if (!menu || !menu.id) return;
    if (event.key !== "Escape" && event.key !== "Tab") return walk(event, menu);
    event.preventDefault();
    openerOf(menu).click(); // it closes as it opened
    openerOf(menu).focus();
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(ICON).forEach(nameIcon);
    document.querySelectorAll(CONTROL).forEach(reach);
  });
  window.addEventListener("load", () => setTimeout(() => { // after Django's own scripts
    document.querySelectorAll(".select2-selection").forEach(nameChoice);
    document.querySelectorAll("span.help-tooltip[aria-label]").forEach((tip) => { tip.role = "img"; });
  }));
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".select2-search__field") && !event.target.ariaLabel) event.target.ariaLabel = "Search";
  });
})();
