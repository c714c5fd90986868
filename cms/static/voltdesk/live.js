// Pages that stay true: the socket says what changed, and the parts that show it are fetched anew.
// A part is an element with data-shows="station:3 session:*", hx-get and hx-trigger="live".
"use strict";
(() => {
  const PAUSE = 250; // ms: what comes in a burst is fetched once, after its last
  const LONGEST_WAIT = 30000;
  const GOES_ON = [4403, 4400, 4429]; // refused: the page asks now and then, as it does without
  let socket = null, failures = 0, wasOpen = false, asked = "";

  const parts = () => [...document.querySelectorAll("[data-shows]")];
  const names = (part) => part.dataset.shows.split(" ").filter(Boolean);
  const shown = () => [...new Set(parts().flatMap(names))].sort();

  function say(state) {
    document.querySelectorAll("[data-live-state]").forEach((dot) => {
      const word = dot.dataset[state];
      if (dot.textContent !== word) dot.textContent = word;
      dot.className = `vd-live vd-live-${state}`;
    });
  }

  const isOpen = () => Boolean(socket) && socket.readyState === WebSocket.OPEN;

  function ask() {
    const shows = JSON.stringify({ shows: shown() });
    if (shows !== asked && isOpen()) {
      socket.send(shows);
      asked = shows;
    }
  }

  // What took the place of a part.
  const heirs = (gone) => parts().filter((part) => part.id === gone.id && part.dataset.shows === gone.dataset.shows && !part.liveTimer);

  // A part with data-pause (ms) is fetched so often at most, however much happens.
  function due(part) {
    const pause = Number(part.dataset.pause);
    if (pause && part.liveTimer) return;
    clearTimeout(part.liveTimer);
    part.liveTimer = setTimeout(() => renew(part), pause || PAUSE);
  }

  // What changes while a part is being fetched may be missing from what comes: it is fetched again,
  // in whatever form it is there by then.
  function renew(part) {
    part.liveTimer = null;
    if (!document.contains(part)) return heirs(part).forEach(due);
    if (part.classList.contains("htmx-request")) return due(part);
    if (document.visibilityState === "hidden") part.dataset.liveDue = "1";
    else htmx.trigger(part, "live");
  }

  function hear(changed) {
    const all = changed.includes("resync");
    parts().filter((part) => all || names(part).some((name) => changed.includes(name))).forEach(due);
  }

  function connect() {
    if (!shown().length || socket) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws/pages`);
    socket.onopen = () => {
      failures = 0;
      asked = "";
      say("live");
      ask();
      if (wasOpen) hear(["resync"]); // what happened meanwhile
      wasOpen = true;
    };
    socket.onmessage = (event) => hear(JSON.parse(event.data).changed);
    socket.onclose = (event) => {
      socket = null;
      say("lost");
      if (GOES_ON.includes(event.code)) return;
      const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** failures++);
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
    };
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return;
    parts().filter((part) => part.dataset.liveDue).forEach((part) => {
      delete part.dataset.liveDue;
      due(part);
    });
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (parts().length) say(isOpen() ? "live" : "lost");
    if (!wasOpen && !failures) connect(); // where the first part came with a fragment
    ask();
  });
  addEventListener("pagehide", () => socket && socket.close());
  addEventListener("load", () => {
    if (!parts().length) return;
    say(isOpen() ? "live" : "lost"); // a fragment may have come, and the socket opened, before
    connect();
  });
})();
