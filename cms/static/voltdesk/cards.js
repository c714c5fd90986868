// How long somebody still waits for a card; the part itself is fetched anew when it is over.
"use strict";
setInterval(() => {
  document.querySelectorAll("[data-countdown]").forEach((left) => {
    const seconds = Math.max(0, Number(left.dataset.countdown) - 1);
    left.dataset.countdown = seconds;
    left.textContent = `${seconds} ${left.dataset.unit}`;
  });
}, 1000);
