"use strict";
// Charts. Chart.js draws text on a canvas, so names stay names.

const data = JSON.parse(document.getElementById("data").textContent);
const drawn = [];

const css = (name, element = document.documentElement) => getComputedStyle(element).getPropertyValue(name).trim();
const percent = (value, digits = 1) => (value * 100).toFixed(digits) + "%";
const whole = (value) => value.toLocaleString("en");

function clip(text, length) {
  const letters = Array.from(text);
  return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text;
}

const faded = (hex, part) => hex + Math.round(part * 2.55).toString(16).padStart(2, "0");

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The interval of each bar as a thin line with a cap at either end.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const { ctx, scales, data: { datasets: [{ intervals }] } } = chart;
    if (!intervals) return;
    ctx.save();
    ctx.strokeStyle = faded(css("--ink"), 55);
    ctx.lineWidth = 1;
    chart.getDatasetMeta(0).data.forEach((bar, index) => {
      const [low, high] = intervals[index].map((value) => scales.x.getPixelForValue(value));
      ctx.beginPath();
      ctx.moveTo(low, bar.y);
      ctx.lineTo(high, bar.y);
      for (const end of [low, high]) {
        ctx.moveTo(end, bar.y - 3);
        ctx.lineTo(end, bar.y + 3);
      }
      ctx.stroke();
    });
    ctx.restore();
  },
};

function draw(holder, label, config) {
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  holder.replaceChildren(canvas);
  drawn.push(new Chart(canvas, config));
}

function settings(options) {
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    ...options,
    plugins: { legend: { display: false }, ...options.plugins },
  };
}

function tooltip(callbacks) {
  return {
    backgroundColor: css("--ink"),
    titleColor: css("--card"),
    bodyColor: css("--card"),
    padding: 10,
    cornerRadius: 8,
    displayColors: false,
    callbacks,
  };
}

const settled = (one) => (one.resolved === null ? "" : `, ${percent(one.resolved, 0)} resolved`);

const bare = { grid: { display: false }, border: { display: false } };
const lines = () => ({ grid: { color: css("--line"), drawTicks: false }, border: { display: false } });

function drawTop(holder) {
  const { top, many } = data.charts[holder.dataset.index];
  const accent = css("--accent", holder);
  holder.style.height = `${top.length * 31 + 34}px`;
  const room = holder.clientWidth < 380 ? 16 : 26;
  const widest = Math.max(...top.map((one) => one.high));
  draw(holder, `Commonest ${many}: ` + top.map((one) => `${one.name} ${percent(one.value)}`).join(", "), {
    type: "bar",
    plugins: [whiskers],
    data: {
      labels: top.map((one) => one.name),
      datasets: [{
        data: top.map((one) => one.value),
        intervals: top.map((one) => [one.low, one.high]),
        backgroundColor: faded(accent, 78),
        hoverBackgroundColor: accent,
        borderRadius: 5,
        barThickness: 16,
      }],
    },
    options: settings({
      indexAxis: "y",
      scales: {
        x: {
          ...lines(),
          beginAtZero: true,
          suggestedMax: widest,
          ticks: { color: css("--soft"), maxTicksLimit: 5, padding: 6, callback: (value) => percent(value, widest < 0.04 ? 1 : 0) },
        },
        y: {
          ...bare,
          ticks: { color: css("--ink"), autoSkip: false, callback: (index) => clip(top[index].name, room) },
        },
      },
      plugins: {
        tooltip: tooltip({
          title: ([item]) => clip(top[item.dataIndex].name, 60),
          label: ({ dataIndex }) => [
            `${whole(top[dataIndex].conversations)} conversations, ${percent(top[dataIndex].value)}${settled(top[dataIndex])}`,
            `95% interval ${percent(top[dataIndex].low)} to ${percent(top[dataIndex].high)}`,
          ],
        }),
      },
    }),
  });
}

function drawVolume(holder) {
  const ink = css("--heat");
  draw(holder, "Conversations a week: " + data.weeks.map((week) => `${week.name} ${week.conversations}`).join(", "), {
    type: "bar",
    data: {
      labels: data.weeks.map((week) => week.name),
      datasets: [{
        data: data.weeks.map((week) => week.conversations),
        backgroundColor: data.weeks.map((week) => faded(ink, week.full ? 72 : 32)),
        borderRadius: 5,
        maxBarThickness: 44,
      }],
    },
    options: settings({
      scales: {
        x: { ...bare, ticks: { color: css("--soft"), maxRotation: 0, autoSkipPadding: 12 } },
        y: { ...lines(), beginAtZero: true, ticks: { color: css("--soft"), maxTicksLimit: 4, precision: 0, padding: 8 } },
      },
      plugins: {
        tooltip: tooltip({
          label: ({ dataIndex, raw }) => `${whole(raw)} conversations` + (data.weeks[dataIndex].full ? "" : ", partial week"),
        }),
      },
    }),
  });
}

function drawTrend(holder, trend, highest) {
  const accent = css("--accent", holder);
  const shares = trend.weeks.map((count, week) => (data.weeks[week].conversations ? count / data.weeks[week].conversations : null));
  const partial = ({ p0DataIndex, p1DataIndex }) => !data.weeks[p0DataIndex].full || !data.weeks[p1DataIndex].full;
  draw(holder, `${trend.name} by week: ` + trend.weeks.join(", "), {
    type: "line",
    data: {
      labels: data.weeks.map((week) => week.name),
      datasets: [{
        data: shares,
        borderColor: accent,
        backgroundColor: faded(accent, 12),
        segment: { borderDash: (segment) => (partial(segment) ? [3, 3] : undefined) },
        fill: true,
        borderWidth: 2,
        cubicInterpolationMode: "monotone",
        pointRadius: 0,
        pointHitRadius: 14,
        pointHoverRadius: 4,
        pointBackgroundColor: accent,
      }],
    },
    options: settings({
      interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 4, left: 2, right: 2, bottom: 1 } },
      scales: {
        x: { ...bare, ticks: { color: css("--soft"), font: { size: 11 }, maxRotation: 0, autoSkipPadding: 24, align: "inner" } },
        y: { ...bare, min: 0, max: highest, ticks: { display: false } },
      },
      plugins: {
        tooltip: tooltip({
          label: ({ dataIndex, raw }) => `${whole(trend.weeks[dataIndex])} conversations, ${percent(raw)}`,
        }),
      },
    }),
  });
}

function drawConfidence(holder) {
  const { confidence, many, threshold, review } = data.charts[holder.dataset.index];
  const accent = css("--accent", holder);
  const bins = confidence.keep.map((_, bin) => (bin / 10).toFixed(1));
  const series = [
    ["kept", confidence.keep, faded(accent, 82)],
    ["set aside", confidence.aside, faded(accent, 55)],
    ["for review", confidence.review, faded(accent, 28)],
    ["dropped", confidence.drop, css("--faint")],
  ];
  const about = (threshold === null ? "" : `, threshold ${threshold}`) + (review === null ? "" : `, for review from ${review}`);
  draw(holder, `Confidence of ${many}${about}: kept per tenth ${confidence.keep.join(", ")}`, {
    type: "bar",
    data: {
      labels: bins,
      datasets: series.map(([label, counts, color]) => ({
        label, data: counts, backgroundColor: color, categoryPercentage: 0.94, barPercentage: 0.94, borderRadius: 3,
      })),
    },
    options: settings({
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ...bare, stacked: true, ticks: { color: css("--soft") } },
        y: { ...lines(), stacked: true, beginAtZero: true, ticks: { color: css("--soft"), maxTicksLimit: 4, precision: 0, padding: 8 } },
      },
      plugins: {
        legend: {
          display: true, position: "bottom",
          labels: { color: css("--soft"), boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3, padding: 16 },
        },
        tooltip: tooltip({
          title: ([item]) => `${bins[item.dataIndex]} to ${((item.dataIndex + 1) / 10).toFixed(1)}`,
          label: ({ dataset, raw }) => `${whole(raw)} ${dataset.label}`,
        }),
      },
    }),
  });
}

function move(trend) {
  if (!trend.direction) return ["", ""];
  const arrow = { up: "▲ ", down: "▼ ", steady: "" }[trend.direction];
  return [trend.direction, `${arrow}${whole(trend.previous)} → ${whole(trend.last)}`];
}

function drawMultiples(grid) {
  const { trends } = data.charts.find((chart) => chart.many === grid.dataset.trends);
  const share = (trend) => trend.weeks.map((count, week) => count / (data.weeks[week].conversations || 1));
  const highest = Math.max(0.01, ...trends.flatMap(share)) * 1.08;
  grid.replaceChildren();
  for (const trend of trends) {
    const figure = element("figure", "multiple");
    const caption = element("figcaption");
    const name = element("span", "name");
    name.append(element("bdi", "", trend.name));
    name.title = trend.name;
    const [direction, text] = move(trend);
    caption.append(element("i", "dot"), name, element("span", `move ${direction}`, text));
    const plot = element("div", "plot");
    figure.append(caption, plot);
    grid.append(figure);
    drawTrend(plot, trend, highest);
  }
}

function drawCharts() {
  drawn.splice(0).forEach((chart) => chart.destroy());
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12.5;
  const kinds = { top: drawTop, volume: drawVolume, confidence: drawConfidence };
  document.querySelectorAll("[data-chart]").forEach((holder) => kinds[holder.dataset.chart](holder));
  document.querySelectorAll("[data-trends]").forEach((grid) => drawMultiples(grid));
}

drawCharts();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);

// Paper is white whatever the screen is: redraw for it, and back again.
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("paper");
  drawCharts();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  drawCharts();
});
