// The charts of the home page: drawn from what stands beside them, anew when they are replaced and
// when the page turns dark or light. Tables that somebody opened stay open.
"use strict";
(() => {
  const open = new Set();
  const colour = (name, alpha = 1) => {
    const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return /^[\d\s,]+$/.test(value) ? `rgba(${value}, ${alpha})` : value;
  };
  const number = (value) => value.toLocaleString(document.documentElement.lang || undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const data = (canvas) => JSON.parse(document.getElementById(canvas.dataset.from).textContent);

  function energy(said) {
    const quiet = colour("--vd-chart-quiet"), line = colour("--vd-chart-line");
    return {
      type: "bar",
      data: {
        labels: said.labels,
        datasets: [
          { type: "line", label: said.lineName, data: said.line, borderColor: colour("--vd-amber"), borderWidth: 2, borderDash: [5, 4], pointRadius: 0, pointHitRadius: 12, cubicInterpolationMode: "monotone" },
          { type: "bar", label: said.barsName, data: said.bars, backgroundColor: colour("--vd-green", .75), borderRadius: 3, maxBarThickness: 26 },
        ],
      },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { display: true, position: "bottom", align: "start", labels: { color: quiet, usePointStyle: false, boxWidth: 14, boxHeight: 8 } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${number(item.parsed.y)} ${said.unit}` } },
        },
        scales: {
          x: { grid: { display: false }, ticks: { color: quiet, maxRotation: 0, autoSkipPadding: 16 }, border: { color: line } },
          y: { beginAtZero: true, grid: { color: line }, ticks: { color: quiet, maxTicksLimit: 6 }, border: { display: false } },
        },
      },
    };
  }

  function connectors(said) {
    return {
      type: "bar",
      data: {
        labels: [""],
        datasets: said.map((row) => ({ label: row.name, data: [row.count], backgroundColor: colour(`--vd-${row.tone}`, .8), borderColor: colour("--vd-panel"), borderWidth: 1, borderSkipped: false, barThickness: 28 })),
      },
      options: {
        indexAxis: "y", animation: false, responsive: true, maintainAspectRatio: false,
        plugins: { legend: { display: false }, tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.parsed.x}` } } },
        scales: { x: { stacked: true, display: false, max: said.reduce((sum, row) => sum + row.count, 0) }, y: { stacked: true, display: false } },
      },
    };
  }

  const kinds = { energy, connectors };

  function draw(canvas) {
    const known = Chart.getChart(canvas);
    if (known) known.destroy();
    new Chart(canvas, kinds[canvas.dataset.chart](data(canvas)));
  }

  function drawAll() {
    document.querySelectorAll("canvas[data-chart]").forEach((canvas) => { if (!canvas.closest("[hidden]")) draw(canvas); });
    document.querySelectorAll("details[data-stays]").forEach((table) => { if (open.has(table.id)) table.open = true; });
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details[data-stays]")) open[event.target.open ? "add" : "delete"](event.target.id);
  }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    event.target.querySelectorAll && event.target.querySelectorAll("canvas[data-chart]").forEach((canvas) => {
      const known = Chart.getChart(canvas);
      if (known) known.destroy();
    });
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (document.querySelector("canvas[data-chart]")) drawAll();
  });
  addEventListener("load", () => {
    drawAll();
    new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  });
})();
