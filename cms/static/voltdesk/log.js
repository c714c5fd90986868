// The message log: rows open on what they say, and new ones come in while it is followed.
"use strict";
(() => {
  const PAUSE = 2000; // ms between two looks at what is new
  const SETTLED = 15000; // ms: several processes write, so a lower id may still come behind a higher one
  const MOST = 1000; // rows kept while following

  // --- A row opens on both frames, fetched when they are first asked for.
  function open(button) {
    const row = button.closest("tr");
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    let more = row.nextElementSibling;
    if (more && more.classList.contains("vd-more")) {
      more.hidden = isOpen;
      return;
    }
    more = document.createElement("tr");
    more.className = "vd-more";
    more.innerHTML = `<td colspan="${row.cells.length}"></td>`;
    row.after(more);
    htmx.ajax("GET", button.dataset.payload, { target: more.cells[0], swap: "innerHTML" });
  }

  function copy(button) {
    const shown = button.closest(".vd-frame, p").querySelector("pre");
    const text = button.dataset.copies || shown.textContent;
    const said = button.textContent;
    const done = () => {
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = said; }, 1500);
    };
    if (navigator.clipboard) return navigator.clipboard.writeText(text).then(done);
    const field = document.createElement("textarea"); // plain http: there is no clipboard
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    done();
  }

  document.addEventListener("click", (event) => {
    const expand = event.target.closest("[data-payload]");
    const copies = event.target.closest("[data-copies]");
    if (expand) open(expand);
    else if (copies) copy(copies);
  });

  // --- Follow: what is newer than what is shown, while its top is in sight.
  function follow(log) {
    const button = log.querySelector("#log-follow"), state = log.querySelector("#log-state");
    const body = log.querySelector("#log-rows");
    const seen = []; // [when, highest id then]: from which one on another look is worth it
    let isOn = false, atTop = true, timer = null;

    const ids = () => [...body.querySelectorAll(":scope > [data-id]")];
    const say = (word) => { if (state.textContent !== word) state.textContent = word; };

    function settled() {
      const now = Date.now();
      while (seen.length > 1 && seen[1][0] < now - SETTLED) seen.shift();
      return seen[0][1];
    }

    function note() {
      const first = ids()[0];
      seen.push([Date.now(), first ? Number(first.dataset.id) : 0]);
    }

    // Newest first, each at its place, none twice.
    function put(rows) {
      let at = 0;
      const shown = ids();
      for (const row of rows) {
        if (document.getElementById(row.id)) continue;
        while (at < shown.length && Number(shown[at].dataset.id) > Number(row.dataset.id)) at += 1;
        row.classList.add("vd-new");
        if (at < shown.length) shown[at].before(row);
        else if (shown.length) last(shown).after(row);
        else body.prepend(row);
        htmx.process(row);
      }
    }

    function last(shown) {
      const row = shown[shown.length - 1], more = row.nextElementSibling;
      return more && more.classList.contains("vd-more") ? more : row;
    }

    function trim() {
      for (const row of ids().slice(MOST)) {
        const more = row.nextElementSibling;
        if (more && more.classList.contains("vd-more")) more.remove();
        row.remove();
      }
    }

    async function look() {
      const url = new URL(log.dataset.rows, location.href);
      url.searchParams.set("after", settled());
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      if (answer.redirected || !answer.ok) throw new Error(answer.status);
      const page = document.createElement("template");
      page.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
      const found = page.content.querySelector("tbody");
      if (found.querySelector(".vd-log-more")) { // more at once than one look brings: begin anew
        body.replaceChildren(...found.children);
        htmx.process(body);
      } else put(found.querySelectorAll("[data-id]"));
      trim();
      note();
      const empty = document.getElementById("log-empty");
      if (empty && ids().length) empty.remove();
    }

    async function goOn() {
      clearTimeout(timer);
      if (!isOn) return say("");
      if (!atTop) return say(log.dataset.paused);
      if (document.visibilityState === "visible") {
        try {
          await look();
          say(isOn ? log.dataset.following : "");
        } catch {
          say(log.dataset.lost);
        }
      }
      clearTimeout(timer);
      timer = setTimeout(goOn, PAUSE);
    }

    note();
    button.addEventListener("click", () => {
      isOn = !isOn;
      button.setAttribute("aria-checked", String(isOn));
      goOn();
    });
    new IntersectionObserver(([entry]) => {
      atTop = entry.isIntersecting;
      if (isOn) goOn();
    }).observe(button);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const log = document.getElementById("log");
    if (log) follow(log);
  });
})();
