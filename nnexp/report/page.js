"use strict";
(() => {
  const theme = matchMedia("(prefers-color-scheme: dark)");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = (v) => (v == null ? "–" : String(+v.toPrecision(4)));
  const hidden = new Set(); // names of settings that are switched off
  const MOST = 8; // settings drawn at first in a chart: more cannot be told apart
  const WHOLE = [1, 2, 5].flatMap((d) => [1, 10, 100, 1e3, 1e4, 1e5].map((t) => d * t)).sort((a, b) => a - b);
  let plots = [];

  // A number beside an axis: as it is read, or with a power of ten where it would not fit.
  const tick = (v) => {
    if (v == null) return "";
    const size = Math.abs(v), short = +v.toPrecision(10);
    return size && (size >= 1e5 || size < 1e-4) ? short.toExponential().replace("e+", "e")
      : short.toLocaleString(undefined, { maximumFractionDigits: 8 });
  };

  // Each line is followed by the two ends of its band, which are shown and hidden with it.
  function draw(panel) {
    const spec = JSON.parse(panel.querySelector("script").textContent);
    const place = panel.querySelector(".plot");
    const height = spec.panel ? 205 : 275;
    const data = [spec.xs], bands = [], series = [{ label: spec.x, value: (u, v) => text(v) }];
    for (const line of spec.lines) {
      const colour = css(line.colour), show = !hidden.has(line.label);
      const end = { stroke: "transparent", width: 0, show, class: "bound", points: { show: false }, spanGaps: true };
      const paths = spec.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
      series.push({
        label: line.label, stroke: colour, width: 2, dash: line.dash, show, paths,
        points: { show: line.points, fill: colour }, spanGaps: !spec.stepped,
        value: (u, v, i, k) => k == null || v == null ? "" : u.data[i + 1][k] == null
          ? text(v) : `${text(v)} (${text(u.data[i + 1][k])} to ${text(u.data[i + 2][k])})`,
      }, end, { ...end });
      const blank = line.y.map(() => null);
      data.push(line.y, line.low || blank, line.high || blank);
      const at = series.length;
      if (line.low) bands.push({ series: [at - 1, at - 2], fill: colour + (spec.lines.length > 4 ? "18" : "30") });
    }
    const axis = { values: (u, vs) => vs.map(tick), stroke: css("--soft"), grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    const first = spec.xs[0], last = spec.xs[spec.xs.length - 1];
    const whole = (low, high) => low <= first && high >= last; // not zoomed
    // The common range, until one zooms in: then what is there fills the chart.
    const ys = (u, low, high) => low == null || whole(u.series[0].min, u.series[0].max) ? spec.yr : uPlot.rangeNum(low, high, 0.1, true);
    const plot = new uPlot({
      width: place.clientWidth, height, series, bands,
      scales: {
        x: { time: false, distr: spec.logx ? 3 : 1, range: (u, low, high) => (spec.xr && whole(low, high) ? spec.xr : [low, high]) },
        y: { distr: spec.logy ? 3 : 1, ...(spec.yr && { range: ys }) },
      },
      axes: [
        { ...axis, size: 30, space: spec.panel ? 30 : 50, label: spec.x, labelSize: 18, labelFont: `12px ${getComputedStyle(document.body).fontFamily}`, ...(spec.xs.every(Number.isInteger) && !spec.logx && !spec.stepped && { incrs: WHOLE }) },
        { ...axis, size: 56 },
      ],
      cursor: { focus: { prox: 24, dist: (u, i, k, y, at) => (i % 3 === 1 ? y - at : Infinity) }, dataIdx: nearest },
      focus: { alpha: 0.35 },
    }, data, place);
    plot.root.querySelector("canvas").setAttribute("aria-hidden", "true");
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height })).observe(place);
    return plot;
  }

  // Lines have values at different epochs: the nearest of each is shown.
  function nearest(u, i, k) {
    const ys = u.data[i];
    for (let d = 0; d < ys.length; d++) {
      if (ys[k - d] != null) return k - d;
      if (ys[k + d] != null) return k + d;
    }
    return k;
  }

  // One legend for all charts: names in the order in which they first stand, as switches.
  function legend() {
    const place = document.querySelector(".legend");
    const lines = new Map();
    for (const script of document.querySelectorAll("figure.chart script")) {
      const drawn = JSON.parse(script.textContent).lines;
      for (const line of drawn) if (!lines.has(line.label)) lines.set(line.label, line);
      // Published curves, all in grey, are behind the settings, and no more of them.
      drawn.filter((line) => line.colour !== "--published").slice(MOST).forEach((line) => hidden.add(line.label));
    }
    if (!place || lines.size < 2) return;
    place.querySelector(".more").hidden = !hidden.size;
    for (const [name, line] of lines) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "switch");
      const dash = line.dash ? ` stroke-dasharray="${line.dash.join(" ")}"` : "";
      button.innerHTML = `<svg width="28" height="8" aria-hidden="true"><path d="M0 4H28" stroke="var(${line.colour})" stroke-width="3"${dash}/></svg>`;
      button.append(name);
      button.onclick = (e) => {
        if (e.ctrlKey) for (const other of lines.keys()) other === name ? hidden.delete(other) : hidden.add(other);
        else hidden.has(name) ? hidden.delete(name) : hidden.add(name);
        show();
      };
      place.append(button);
    }
    place.hidden = false;
    // A section that is gone to begins below the legend, which stays above it.
    const room = () => document.documentElement.style.setProperty("--legend", `${place.offsetHeight + 12}px`);
    new ResizeObserver(room).observe(place);
    room();
  }

  function show() {
    for (const u of plots) {
      u.batch(() => u.series.forEach((s, i) => {
        const on = i === 0 || !hidden.has(u.series[i - ((i - 1) % 3)].label);
        if (s.show !== on) u.setSeries(i, { show: on }, false);
      }));
    }
    for (const button of document.querySelectorAll(".legend button"))
      button.setAttribute("aria-checked", String(!hidden.has(button.textContent)));
  }

  function drawAll() {
    plots.forEach((u) => u.destroy());
    plots = [...document.querySelectorAll("figure.chart .panel")].map(draw);
  }

  document.documentElement.classList.add("live-page");
  legend();
  drawAll();
  show();
  theme.addEventListener("change", drawAll);
})();
