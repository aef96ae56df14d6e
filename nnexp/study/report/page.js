"use strict";
(() => {
  const theme = matchMedia("(prefers-color-scheme: dark)");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = (v) => (v == null ? "–" : String(+v.toPrecision(4)));
  const hidden = new Set(); // names of settings that are switched off
  let plots = [];

  // Each line is followed by the two ends of its band, which are shown and hidden with it.
  function draw(figure) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const place = figure.querySelector(".plot");
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
      if (line.low) bands.push({ series: [at - 1, at - 2], fill: colour + "30" });
    }
    const axis = { stroke: css("--soft"), grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    const first = spec.xs[0], last = spec.xs[spec.xs.length - 1];
    const whole = (low, high) => low <= first && high >= last; // not zoomed
    const plot = new uPlot({
      width: place.clientWidth, height: 260, series, bands,
      scales: {
        x: { time: false, distr: spec.logx ? 3 : 1, range: (u, low, high) => (spec.xr && whole(low, high) ? spec.xr : [low, high]) },
        y: { distr: spec.logy ? 3 : 1, ...(spec.yr && { range: spec.yr }) },
      },
      axes: [{ ...axis, size: 34 }, { ...axis, size: 56 }],
      cursor: { focus: { prox: 24, dist: (u, i, k, y, at) => (i % 3 === 1 ? y - at : Infinity) }, dataIdx: nearest },
      focus: { alpha: 0.35 },
      hooks: { setSeries: [(u, i, o) => { if (o.show != null) queueMicrotask(() => follow(u)); }] },
    }, data, place);
    plot.root.querySelector("canvas").setAttribute("aria-hidden", "true");
    for (const row of place.querySelectorAll(".u-legend tr:not(.bound)")) {
      const name = row.querySelector("th");
      if (row.rowIndex === 0) continue; // the common x
      name.tabIndex = 0;
      name.setAttribute("role", "switch");
      name.onkeydown = (e) => {
        if (e.key !== "Enter" && e.key !== " ") return;
        e.preventDefault();
        name.dispatchEvent(new MouseEvent("click", { ctrlKey: e.ctrlKey, bubbles: true }));
      };
    }
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 260 })).observe(place);
    mark(plot);
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

  // What is switched in one chart is switched in all that have a line of that name.
  function follow(changed) {
    changed.series.forEach((s, i) => {
      if (i % 3 === 1) s.show ? hidden.delete(s.label) : hidden.add(s.label);
    });
    for (const u of plots) {
      u.batch(() => u.series.forEach((s, i) => {
        const show = i === 0 || !hidden.has(u.series[i - ((i - 1) % 3)].label);
        if (s.show !== show) u.setSeries(i, { show }, false);
      }));
      mark(u);
    }
  }

  function mark(u) {
    u.root.querySelectorAll("th[role=switch]").forEach((name) =>
      name.setAttribute("aria-checked", String(!name.parentElement.classList.contains("u-off"))));
  }

  function drawAll() {
    plots.forEach((u) => u.destroy());
    plots = [...document.querySelectorAll("figure.chart")].map(draw);
  }

  document.documentElement.classList.add("live-page");
  drawAll();
  theme.addEventListener("change", drawAll);
})();
