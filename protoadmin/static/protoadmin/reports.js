// The charts of the reports: drawn from the numbers of the tables, in the colours of the page; a click opens the chats.
"use strict";

(() => {
  const COLOURS = ["--rp-1", "--rp-2", "--rp-3", "--rp-4"];
  const drawn = [];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function inWords(milliseconds) {
    const seconds = Math.round(milliseconds / 1000);
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
    return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
  }
  function options(chart) {
    const shown = (value) => (chart.unit === "ms" ? inWords(value) : value.toLocaleString("en"));
    const text = colour("--pa-faint"), line = colour("--pa-line");
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "index", intersect: false },
      onClick: (event, points, plot) => {
        const [point] = plot.getElementsAtEventForMode(event.native, "nearest", { intersect: false }, true);
        const url = point && chart.sets[point.datasetIndex].urls[point.index];
        if (url) location.assign(url);
      },
      plugins: {
        legend: { display: chart.sets.length > 1, align: "start", labels: { color: text, boxWidth: 12 } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${shown(item.parsed.y)}` } },
      },
      scales: {
        x: { stacked: chart.stacked, grid: { display: false }, ticks: { color: text, maxRotation: 0, autoSkipPadding: 12 } },
        y: {
          stacked: chart.stacked, beginAtZero: true, border: { display: false }, grid: { color: line },
          ticks: { color: text, maxTicksLimit: 6, ...(chart.unit === "ms" ? { callback: shown } : { precision: 0 }) },
        },
      },
    };
  }
  function draw(canvas) {
    const chart = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const datasets = chart.sets.map((set, number) => ({
      label: set.label, data: set.data, backgroundColor: colour(COLOURS[number]), borderColor: colour(COLOURS[number]),
      borderWidth: chart.type === "line" ? 2 : 0, borderDash: chart.type === "line" && number ? [5, 4] : [],
      borderRadius: chart.stacked ? 0 : 3, maxBarThickness: 36, pointRadius: 3, spanGaps: true, tension: 0.2,
    }));
    drawn.push(new Chart(canvas, { type: chart.type, data: { labels: chart.labels, datasets }, options: options(chart) }));
  }
  function drawAll() {
    while (drawn.length) drawn.pop().destroy();
    document.querySelectorAll("canvas[data-chart]").forEach(draw);
  }

  drawAll();
  // Light or dark: drawn anew.
  let isDark = document.documentElement.classList.contains("dark");
  new MutationObserver(() => {
    if (isDark === document.documentElement.classList.contains("dark")) return;
    isDark = !isDark;
    drawAll();
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  // Whoever changes a date means their own dates.
  document.querySelectorAll("[data-own]").forEach((input) => {
    input.addEventListener("change", () => { document.getElementById("rp-span").value = "own"; });
  });
})();
