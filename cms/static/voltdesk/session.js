// The chart of a session: power and state of charge on two axes, prices and pauses behind them.
"use strict";
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name, alpha = 1) => `rgba(${css(`--vd-${name}`)}, ${alpha})`;
  const BANDS = ["blue", "amber", "violet", "green", "grey"];

  function start(section) {
    const canvas = section.querySelector("canvas"), legend = section.querySelector("[data-legend]");
    const table = section.querySelector("#session-table"), button = section.querySelector("#session-table-switch");
    const words = section.dataset;
    let shown = { points: [], idle: [], prices: [] }, chart = null;

    const clock = (ms, options) => new Intl.DateTimeFormat(shown.language || undefined, { timeZone: shown.zone, hourCycle: "h23", ...options }).format(ms);
    const time = (ms) => clock(ms, { hour: "2-digit", minute: "2-digit" });
    const moment = (ms) => clock(ms, { dateStyle: "short", timeStyle: "medium" });
    const number = (value, digits) => value === null || value === undefined ? "–"
      : new Intl.NumberFormat(shown.language || undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

    // One colour for each price, in the order they come.
    const prices = () => [...new Set(shown.prices.map((band) => band.word))];
    const colour = (word, alpha) => tone(BANDS[prices().indexOf(word) % BANDS.length], alpha);

    function hatch(context) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const pen = tile.getContext("2d");
      pen.strokeStyle = tone("grey", .55);
      pen.lineWidth = 1.25;
      for (const shift of [-8, 0, 8]) {
        pen.moveTo(shift, 8);
        pen.lineTo(shift + 8, 0);
      }
      pen.stroke();
      return context.createPattern(tile, "repeat");
    }

    // Behind the lines: what a kWh cost then, and when nothing was taken.
    const behind = {
      id: "behind",
      beforeDatasetsDraw({ ctx, chartArea: area, scales: { x } }) {
        const fill = (band, style) => {
          const left = Math.max(x.getPixelForValue(band.since), area.left), right = Math.min(x.getPixelForValue(band.until), area.right);
          if (right <= left) return;
          ctx.fillStyle = style;
          ctx.fillRect(left, area.top, right - left, area.height);
        };
        ctx.save();
        if (prices().length) shown.prices.forEach((band) => fill(band, colour(band.word, .1)));
        const pattern = hatch(ctx);
        shown.idle.forEach((band) => fill(band, pattern));
        ctx.restore();
      },
    };

    const series = (index) => shown.points.filter((point) => point[index] !== null).map((point) => ({ x: point[0], y: point[index] }));

    function lines() {
      const single = shown.points.length < 3 ? 3 : 0;
      return [
        { label: words.power, data: series(1), yAxisID: "kw", borderColor: tone("green"), backgroundColor: tone("green", .12), fill: true, stepped: false, borderWidth: 2, pointRadius: single },
        { label: words.soc, data: series(2), yAxisID: "soc", borderColor: tone("blue"), borderDash: [6, 4], borderWidth: 2, pointRadius: single },
      ];
    }

    // At full minutes and hours, eight at most.
    function ticks(axis) {
      const minutes = (axis.max - axis.min) / 60000;
      const step = 60000 * ([1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].find((each) => minutes / each <= 8) || minutes / 8);
      axis.ticks = [];
      for (let at = Math.ceil(axis.min / step) * step; at <= axis.max; at += step) axis.ticks.push({ value: at });
    }

    function axes() {
      const quiet = css("--vd-quiet"), line = css("--vd-line");
      const titled = (text) => ({ display: true, text, color: quiet });
      return {
        x: { type: "linear", min: shown.points[0]?.[0], max: shown.points.at(-1)?.[0], afterBuildTicks: ticks, ticks: { color: quiet, maxRotation: 0, callback: time }, grid: { color: line } },
        kw: { position: "left", beginAtZero: true, title: titled(words.power), ticks: { color: quiet, callback: (value) => number(value, value % 1 ? 1 : 0) }, grid: { color: line } },
        soc: { position: "right", display: series(2).length > 0, min: 0, max: 100, title: titled(words.soc), ticks: { color: quiet }, grid: { drawOnChartArea: false } },
      };
    }

    function draw() {
      const none = !series(1).length && !series(2).length;
      section.querySelector("[data-none]").hidden = !none;
      button.hidden = none;
      canvas.parentElement.hidden = none || isTable();
      if (none) return;
      if (!chart) {
        chart = new Chart(canvas, {
          type: "line",
          data: { datasets: lines() },
          options: {
            animation: false, parsing: false, normalized: true, maintainAspectRatio: false,
            interaction: { mode: "nearest", axis: "x", intersect: false },
            scales: axes(),
            plugins: {
              legend: { labels: { color: css("--vd-quiet"), usePointStyle: true, pointStyle: "line" } },
              tooltip: { callbacks: { title: ([item]) => moment(item.parsed.x), label: (item) => `${item.dataset.label}: ${number(item.parsed.y, 1)}` } },
            },
          },
          plugins: [behind],
        });
      } else {
        chart.data.datasets = lines();
        chart.options.scales = axes();
        chart.options.plugins.legend.labels.color = css("--vd-quiet");
        chart.update("none");
      }
      explain();
    }

    function explain() {
      const item = (style, text) => {
        const row = document.createElement("li"), mark = document.createElement("i");
        mark.className = style;
        mark.ariaHidden = "true";
        row.append(mark, text);
        return [row, mark];
      };
      const rows = prices().map((word) => {
        const [row, mark] = item("vd-band-mark", word);
        mark.style.background = colour(word, .3);
        return row;
      });
      if (shown.idle.length) rows.push(item("vd-hatched", legend.dataset.idle)[0]);
      legend.replaceChildren(...rows);
    }

    function tabulate() {
      const cell = (tag, text, right) => {
        const made = document.createElement(tag);
        made.textContent = text;
        if (right) made.className = "vd-right";
        return made;
      };
      const line = (tag, time, power, soc) => {
        const row = document.createElement("tr");
        row.append(cell(tag, time), cell(tag, power, true), cell(tag, soc, true));
        return row;
      };
      const made = document.createElement("table"), head = made.createTHead(), body = made.createTBody();
      made.className = "vd-table";
      head.append(line("th", words.time, words.power, words.soc));
      body.append(...shown.points.map(([at, power, soc]) => line("td", moment(at), number(power, 1), number(soc, 0))));
      table.replaceChildren(made);
    }

    const isTable = () => button.getAttribute("aria-expanded") === "true";

    function turn() {
      const now = !isTable();
      button.setAttribute("aria-expanded", String(now));
      button.textContent = now ? button.dataset.picture : button.dataset.table;
      table.hidden = !now;
      if (now) tabulate();
      draw();
    }

    async function load() {
      try {
        const answer = await fetch(words.chart);
        if (!answer.ok || answer.redirected) throw new Error(answer.status);
        shown = await answer.json();
        draw();
        if (isTable()) tabulate();
        section.dataset.points = shown.points.length;
      } catch {
        if (!chart) legend.textContent = words.failed;
      }
    }

    button.addEventListener("click", turn);
    section.addEventListener("live", load);
    new MutationObserver(() => chart && draw()).observe(document.documentElement, { attributeFilter: ["class"] });
    load();
  }

  window.addEventListener("load", () => {
    const section = document.getElementById("session-chart");
    if (section) start(section);
  });
})();
