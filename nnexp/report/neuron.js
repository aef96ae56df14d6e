"use strict";
// The chapter's neuron, x = 1 and y = 0, trained here by its equations; recorded runs as circles.
(() => {
  const root = document.querySelector(".neuron");
  const spec = JSON.parse(root.querySelector(".data").textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const of = (key) => root.querySelector("#neuron-" + key);
  const last = spec.epochs, state = { ...spec.first, epoch: last };
  const X = 1, Y = 0, SECONDS = 6, HEIGHT = 240;
  let rows = [], recorded, frame = 0;

  const sigma = (z) => 1 / (1 + Math.exp(-z));
  // The cost of a weighted input z, and ∂C/∂z of an output a.
  const COSTS = {
    quadratic: { cost: (z) => (Y - sigma(z)) ** 2 / 2, error: (a) => (a - Y) * a * (1 - a) },
    // ln a and ln(1 − a) from z: a itself rounds to 0 or 1.
    crossentropy: {
      cost: (z) => Math.max(z, 0) - Y * z + Math.log1p(Math.exp(-Math.abs(z))), error: (a) => a - Y,
    },
  };

  // What there is to see of every epoch, the untrained neuron first.
  function train({ w, b, cost, eta }) {
    const found = [];
    for (let epoch = 0; epoch <= last; epoch++) {
      const z = w * X + b, a = sigma(z), delta = COSTS[cost].error(a);
      found.push({ w, b, a, dw: delta * X, db: delta, C: COSTS[cost].cost(z) });
      w -= eta * delta * X;
      b -= eta * delta;
    }
    return found;
  }

  const same = (p, q) => Math.abs(p - q) < 1e-9;
  const started = (run) => same(run.w, state.w) && same(run.b, state.b);
  const alike = () => spec.runs.filter((run) => started(run) && run.cost === state.cost);

  const minus = (said) => said.replace("-", "−");
  const short = (v) => minus(String(+v.toPrecision(4)));
  const power = (v, digits) => {
    const [front, exponent] = v.toExponential(digits).split("e");
    const raised = [...String(+exponent)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
    return `${minus(front)} × 10${raised}`;
  };
  const number = (v) => (v === 0 || Math.abs(v) >= 0.001 ? minus(v.toFixed(4)) : power(v, 2));

  function sentences() {
    const costs = rows.map((row) => row.C);
    const falls = costs.slice(1).map((cost, k) => costs[k] - cost);
    let said = `In ${last} epochs the output goes from ${number(rows[0].a)} to ${number(rows[last].a)}; ` +
      `the cost falls fastest in epoch ${falls.indexOf(Math.max(...falls)) + 1}. `;
    if (!recorded) {
      const rates = alike().map((run) => short(run.eta)).join(", ");
      return said + "No recorded run has this start, cost and η" +
        (rates ? `; with this start and cost one has η = ${rates}.` : ".");
    }
    const apart = recorded.values.map((v, i) => (v == null ? 0 : Math.abs(v - costs[recorded.steps[i]])));
    const most = Math.max(...apart);
    return said + `The circles are the recorded run “${recorded.name}”: ` +
      (most > 0 ? `at most ${power(most, 0)} from the curve computed here.` : "exactly the curve computed here.");
  }

  function add(parent, tag, attributes, said) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (said != null) made.textContent = said;
    parent.append(made);
  }

  // 1, 2 or 5 times a power of ten: some `count` steps up to `most`.
  function step(most, count) {
    const rough = most / count, ten = 10 ** Math.floor(Math.log10(rough));
    return ten * [1, 2, 5, 10].find((m) => m * ten >= rough * 0.999);
  }

  function drawCurve() {
    const place = root.querySelector(".curve"), width = Math.max(place.parentElement.clientWidth, 200);
    const left = 46, right = 12, top = 26, bottom = 36, rise = step(rows[0].C * 1.02, 5);
    const highest = rise * Math.ceil((rows[0].C * 1.02) / rise);
    const x = (epoch) => left + ((width - left - right) * epoch) / last;
    const y = (cost) => HEIGHT - bottom - ((HEIGHT - top - bottom) * cost) / highest;
    place.replaceChildren();
    place.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    place.setAttribute("aria-label", `The cost over ${last} epochs: from ${number(rows[0].C)} to ${number(rows[last].C)}`);
    for (let v = 0; v <= highest * 1.001; v += rise) {
      add(place, "path", { class: v ? "grid" : "axis", d: `M${left} ${y(v)}H${width - right}` });
      add(place, "text", { x: left - 7, y: y(v) + 4, "text-anchor": "end" }, short(v));
    }
    const stride = Math.max(step(last, width < 420 ? 4 : 6), 1);
    for (let k = 0; k <= last; k += stride) {
      add(place, "path", { class: "axis", d: `M${x(k)} ${y(0)}v4` });
      add(place, "text", { x: x(k), y: y(0) + 18, "text-anchor": "middle" }, String(k));
    }
    add(place, "text", { x: (left + width) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, "epoch");
    add(place, "text", { x: 2, y: 13 }, "cost C");
    const points = rows.slice(0, state.epoch + 1).map((row, k) => `${x(k).toFixed(2)} ${y(row.C).toFixed(2)}`);
    add(place, "path", { class: "line", d: "M" + points.join("L") });
    if (recorded) {
      const n = recorded.steps.length, shown = Math.min(n, width < 420 ? 20 : 30);
      for (let i = 0; i < shown; i++) {
        const k = shown > 1 ? Math.round((i * (n - 1)) / (shown - 1)) : 0;
        if (recorded.values[k] == null) continue;
        add(place, "circle", { class: "ring", cx: x(recorded.steps[k]), cy: y(recorded.values[k]), r: 4 });
      }
    }
    add(place, "circle", { class: "now", cx: x(state.epoch), cy: y(rows[state.epoch].C), r: 5.5 });
  }

  function shown(key, said) {
    root.querySelector(`[data-shown="${key}"]`).textContent = said;
  }

  // Everything that the epoch decides.
  function drawEpoch() {
    const row = rows[state.epoch];
    for (const place of root.querySelectorAll("[data-value]")) {
      place.value = String(row[place.dataset.value]);
      place.textContent = number(row[place.dataset.value]);
    }
    for (const place of root.querySelectorAll("[data-cell]")) {
      place.textContent = `${place.dataset.cell} = ${minus(row[place.dataset.cell].toFixed(2))}`;
    }
    root.querySelector(".fill").setAttribute("fill-opacity", row.a);
    const slider = of("epoch");
    slider.value = state.epoch;
    slider.setAttribute("aria-valuetext", `${state.epoch}: a = ${number(row.a)}, cost ${number(row.C)}`);
    shown("epoch", `${state.epoch} of ${last}`);
    const button = root.querySelector(".run");
    button.textContent = frame ? "Pause" : !still.matches ? "Play" : state.epoch < last ? "To the end" : "To the start";
    drawCurve();
  }

  // Everything that start, cost and rate decide.
  function drawAll() {
    rows = train(state);
    recorded = alike().find((run) => same(run.eta, state.eta));
    for (const key of ["w", "b"]) {
      of(key).value = state[key];
      of(key).setAttribute("aria-valuetext", short(state[key]));
      shown(key, short(state[key]));
    }
    of("eta").value = spec.rates.findIndex((rate) => same(rate, state.eta));
    of("eta").setAttribute("aria-valuetext", short(state.eta));
    shown("eta", short(state.eta));
    for (const choice of root.querySelectorAll("[name=neuron-cost]")) choice.checked = choice.value === state.cost;
    for (const button of root.querySelectorAll(".start")) {
      button.setAttribute("aria-pressed", String(started({ w: +button.dataset.w, b: +button.dataset.b })));
    }
    root.querySelector(".of-record").hidden = !recorded;
    root.querySelector(".said").textContent = sentences();
    drawEpoch();
  }

  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
  }

  function go(epoch) {
    state.epoch = epoch;
    drawEpoch();
  }

  // Only when it is asked for, and at once where motion is not wanted.
  function run() {
    if (frame) {
      pause();
      return drawEpoch();
    }
    const from = state.epoch < last ? state.epoch : 0;
    if (still.matches) return go(state.epoch < last ? last : 0);
    let began;
    const tick = (now) => {
      began ??= now;
      const epoch = Math.min(last, from + Math.floor(((now - began) * last) / (1000 * SECONDS)));
      frame = epoch < last ? requestAnimationFrame(tick) : 0;
      go(epoch);
    };
    frame = requestAnimationFrame(tick);
  }

  for (const key of ["w", "b"]) {
    of(key).oninput = (e) => { state[key] = e.target.valueAsNumber; drawAll(); };
  }
  of("eta").oninput = (e) => { state.eta = spec.rates[e.target.valueAsNumber]; drawAll(); };
  of("epoch").oninput = (e) => { pause(); go(e.target.valueAsNumber); };
  for (const choice of root.querySelectorAll("[name=neuron-cost]")) {
    choice.onchange = () => { state.cost = choice.value; drawAll(); };
  }
  for (const button of root.querySelectorAll(".start")) {
    button.onclick = () => { state.w = +button.dataset.w; state.b = +button.dataset.b; drawAll(); };
  }
  root.querySelector(".run").onclick = run;
  still.addEventListener("change", drawEpoch);
  drawAll();
  let seen = 0;
  new ResizeObserver(([entry]) => {
    if (Math.round(entry.contentRect.width) === seen) return;
    seen = Math.round(entry.contentRect.width);
    drawCurve();
  }).observe(root.querySelector(".seen"));
})();
