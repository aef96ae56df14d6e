"use strict";
// Four weighted inputs through a softmax layer and, beside it, through sigmoids.
(() => {
  const root = document.querySelector(".softmax");
  const units = [...root.querySelectorAll(".unit:not(.sums)")];
  const sliders = units.map((unit) => unit.querySelector("input"));
  const buttons = [...root.querySelectorAll("[data-z]")];
  const total = (values) => values.reduce((sum, value) => sum + value, 0);

  function softmax(z) {
    const most = Math.max(...z), e = z.map((v) => Math.exp(v - most)); // cannot overflow
    return e.map((v) => v / total(e));
  }
  const sigmoids = (z) => z.map((v) => 1 / (1 + Math.exp(-v)));

  function put(bar, value, digits) {
    const place = bar.querySelector("data");
    place.value = String(value);
    place.textContent = value.toFixed(digits);
  }

  function draw() {
    const z = sliders.map((slider) => slider.valueAsNumber), said = [];
    units.forEach((unit, j) => {
      const text = z[j].toFixed(1).replace("-", "−");
      unit.querySelector(".shown").textContent = text;
      sliders[j].setAttribute("aria-valuetext", text);
    });
    for (const [name, title, outputs] of [["plain", "Softmax", softmax(z)], ["hatched", "Sigmoids", sigmoids(z)]]) {
      units.forEach((unit, j) => {
        const bar = unit.querySelector("." + name);
        bar.querySelector("i").style.width = `${100 * outputs[j]}%`;
        put(bar, outputs[j], 3);
      });
      const sum = root.querySelector(".sums ." + name);
      sum.querySelectorAll("i").forEach((part, j) => { part.style.width = `${25 * outputs[j]}%`; });
      put(sum, total(outputs), 3);
      said.push(`${title}: ${outputs.map((a) => a.toFixed(3)).join(" + ")} = ${total(outputs).toFixed(3)}.`);
    }
    root.querySelector(".said").textContent = said.join(" ");
  }

  function set(button) {
    button.dataset.z.split(" ").forEach((value, j) => { sliders[j].value = value; });
    draw();
  }

  for (const slider of sliders) slider.oninput = draw;
  for (const button of buttons) button.onclick = () => set(button);
  set(buttons[0]);
})();
