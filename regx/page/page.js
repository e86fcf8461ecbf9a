"use strict";
(() => {
  const DATA = JSON.parse(document.getElementById("regx-data").textContent);
  const FRAME_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 160;
  const SYMBOLS = { "●": "circle", "■": "square", "◆": "diamond", "▲": "triangle-up", "▼": "triangle-down", "✚": "cross", "★": "star", "⬟": "pentagon", "✖": "x" };
  const SPLIT_COLOURS = { train: "c3", val: "c1", test: "c2" };
  const CONFIG = { responsive: true, displayModeBar: false, doubleClick: false, showTips: false };
  const root = document.documentElement;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const number = (value) => (value === null || value === undefined ? "–" : Number(value.toPrecision(3)).toString());

  // ---- colours
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const faint = (hex, share) => hex + Math.round(255 * share).toString(16).padStart(2, "0");
  const runColour = (run) => (run in DATA.runs ? colour("c" + DATA.runs[run].colour) : run === -1 ? faint(colour("c2"), 0.4) : colour("c1"));
  const signed = () => [[0, colour("c2")], [0.5, isDark() ? "#14171b" : "#ffffff"], [1, colour("c1")]];

  function painted(trace) {
    const meta = trace.meta || {};
    const one = { ...trace };
    if (meta.role === "line" || meta.role === "fit" || meta.role === "loss") one.line = { ...trace.line, color: runColour(meta.run) };
    if (meta.role === "line") one.marker = { color: runColour(meta.run), symbol: SYMBOLS[DATA.runs[meta.run].symbol], size: 7, maxdisplayed: 9 };
    if (meta.role === "band") one.fillcolor = faint(runColour(meta.run), 0.16);
    if (meta.role === "now") one.marker = { ...trace.marker, color: runColour(meta.run), symbol: SYMBOLS[DATA.runs[meta.run].symbol] };
    if (meta.role === "points") one.marker = { ...trace.marker, color: colour("ink") };
    if (meta.role === "test") Object.assign(one, { line: { ...trace.line, color: colour("soft") }, marker: { ...trace.marker, color: faint(colour("soft"), 0.5) } });
    if (meta.role === "strength") Object.assign(one, { line: { ...trace.line, color: colour(SPLIT_COLOURS[meta.split]) }, marker: { ...trace.marker, color: colour(SPLIT_COLOURS[meta.split]) } });
    if (meta.role === "class") one.marker = { ...trace.marker, color: colour("c" + meta.colour), line: { width: 1, color: colour("ground") } };
    if (meta.role === "boundary") one.line = { ...trace.line, color: colour("ink") };
    if (meta.role === "seed") one.marker = { ...trace.marker, color: faint(runColour(meta.run), 0.5) };
    if (meta.role === "mean" || meta.role === "difference") {
      const shade = meta.role === "mean" ? colour("ink") : colour(["better", "worse"].includes(meta.verdict) ? meta.verdict : "soft");
      one.marker = { ...trace.marker, color: shade };
      one.error_x = { ...trace.error_x, color: shade };
    }
    if (meta.role === "weights") one.colorscale = signed();
    if (meta.role === "map") one.colorscale = meta.colours.length ? steps(meta.colours) : signed();
    return one;
  }
  // Classes as areas of one colour each.
  const steps = (colours) => colours.map((number, i) => [i / (colours.length - 1), colour("c" + number)]);
  // Where plotly labels every digit of a logarithmic axis, the labels lie over each other.
  function logTicks(layout, traces) {
    const seen = traces.filter((trace) => trace.visible !== false && trace.meta.role !== "band").flatMap((trace) => trace.y).filter((y) => y > 0).map(Math.log10);
    const [low, high] = layout.yaxis.range || [Math.min(...seen), Math.max(...seen)];
    return high - low > 0.8 && high - low < 4.5 ? "D2" : undefined;
  }
  function themed(layout, traces) {
    const axis = { gridcolor: colour("line"), linecolor: colour("soft"), zerolinecolor: colour("line") };
    const one = { ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("ink"), size: 13 } };
    one.xaxis = { ...layout.xaxis, ...axis };
    one.yaxis = { ...layout.yaxis, ...axis };
    if (layout.yaxis.type === "log") one.yaxis.dtick = logTicks(layout, traces);
    one.hoverlabel = { ...layout.hoverlabel, bgcolor: colour("raised"), font: { color: colour("ink") } };
    if (layout.shapes) one.shapes = layout.shapes.map((shape) => ({ ...shape, line: { ...shape.line, color: colour(shape.line.dash === "dot" ? "soft" : "accent") } }));
    return one;
  }

  // ---- figures: the data of each is kept plain in `FIGURES`, and drawn with the colours of the moment
  const FIGURES = DATA.figures;
  const drawn = new Set();
  const draw = (name) => {
    const place = document.getElementById(name);
    if (!place || !drawn.has(name)) return;
    Plotly.react(place, FIGURES[name].data.map(painted), themed(FIGURES[name].layout, FIGURES[name].data), CONFIG);
  };
  // Far figures wait until they come near: a page of many would else be slow to open.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      drawn.add(entry.target.id);
      draw(entry.target.id);
    }
  }, { rootMargin: "600px" });

  // ---- learning curves
  for (const controls of all(".curves-controls")) {
    const name = controls.dataset.figure;
    const update = () => {
      const chosen = (attribute) => new Set(all(`input[data-${attribute}]:checked`, controls).map((box) => box.dataset[attribute]));
      const runs = chosen("run"), splits = chosen("split");
      const metric = (controls.querySelector("input[type=radio]:checked") || { value: "loss" }).value;
      const bands = controls.querySelector(".bands").checked;
      const figure = FIGURES[name];
      for (const trace of figure.data) {
        const on = runs.has(String(trace.meta.run)) && splits.has(trace.meta.split) && trace.meta.metric === metric;
        trace.visible = on && (trace.meta.role === "line" || (bands && trace.meta.split === "test"));
      }
      figure.layout.yaxis.title = { text: metric };
      figure.layout.yaxis.type = controls.querySelector(".log").checked ? "log" : "linear";
      draw(name);
    };
    controls.addEventListener("change", update);
    update();  // what a browser remembers of the boxes when a page is loaded anew
  }

  // ---- what Python packed
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  function rows(values, columns) {
    const found = [];
    for (let start = 0; start < values.length; start += columns) found.push(values.slice(start, start + columns));
    return found;
  }
  function mapOf(surface, text) {
    const values = Array.from(bytes(text), (one) => surface.low + (one / 255) * (surface.high - surface.low));
    return rows(surface.classes ? values.map(Math.round) : values, surface.axes[0].length);
  }
  function setMap(figure, surface, text) {
    const z = text === null ? [] : mapOf(surface, text);
    for (const trace of figure.data) if (trace.meta.role === "map" || trace.meta.role === "boundary") trace.z = z;
  }
  const at = (curve, epoch) => {
    let last = null;
    for (let i = 0; i < curve.epoch.length && curve.epoch[i] <= epoch; i++) last = curve.loss[i];
    return last;
  };

  const ended = (lane) => `${lane.ended} at epoch ${lane.last}` + (lane.ended === "stopped" && lane.reported < lane.last ? ` and judged at ${lane.reported}` : "");

  // ---- the race
  for (const place of all(".race")) {
    const race = DATA.races[place.id];
    const slider = place.querySelector(".epoch"), play = place.querySelector(".play");
    const laneBox = place.querySelector(".lane"), layerBox = place.querySelector(".layer");
    const figure = (part) => FIGURES[`${place.id}-${part}`];
    const words = place.querySelector(".race-text");
    let timer = null;

    const fillLayers = () => {
      const kept = layerBox.value;
      const layers = race.lanes[laneBox.value].layers;
      layerBox.replaceChildren(...layers.map((layer, i) => new Option(`${layer.name}: ${layer.shape[0]} × ${layer.shape[1]}`, i)));
      const largest = layers.reduce((best, layer, i) => (layer.rows * layer.columns > layers[best].rows * layers[best].columns ? i : best), 0);
      layerBox.value = kept !== "" && Number(kept) < layers.length ? kept : largest;
    };
    const show = () => {
      const stop = Number(slider.value), epoch = race.epochs[stop], chosen = Number(laneBox.value);
      const lane = race.lanes[chosen];
      const fit = figure("fit");
      if (fit && race.surface.kind === "line") {
        for (const trace of fit.data) {
          if (trace.meta.role !== "fit") continue;
          const own = race.lanes.find((one) => one.run === trace.meta.run);
          trace.y = own.drawn[own.frame[stop]];
          trace.line = { ...trace.line, width: own === lane ? 4 : 1.8 };
        }
      } else if (fit) setMap(fit, race.surface, lane.drawn[lane.frame[stop]]);
      for (const trace of figure("loss").data) {
        const own = race.lanes[trace.meta.lane], curve = own.loss[trace.meta.split];
        let count = 0;
        while (count < curve.epoch.length && curve.epoch[count] <= epoch) count++;
        const from = trace.meta.role === "now" ? Math.max(count - 1, 0) : 0;
        trace.x = curve.epoch.slice(from, count);
        trace.y = curve.loss.slice(from, count);
        if (trace.meta.role === "loss") trace.line = { ...trace.line, width: own === lane ? 3.5 : 1.5 };
      }
      const which = Number(layerBox.value), layer = lane.layers[which];
      const packed = Array.from(new Int8Array(bytes(lane.weights[lane.frame[stop]][which]).buffer), (one) => (one * layer.scale) / 127);
      Object.assign(figure("weights").data[0], { z: rows(packed, layer.columns), zmin: -layer.scale, zmax: layer.scale });
      for (const part of ["fit", "loss", "weights"]) if (figure(part)) draw(`${place.id}-${part}`);

      const over = lane.last < epoch ? `, ${ended(lane)}` : "";
      const cut = layer.rows < layer.shape[0] || layer.columns < layer.shape[1] ? ` The first ${layer.rows} × ${layer.columns} are drawn.` : "";
      place.querySelector(".weights-text").textContent =
        `Weights of ${DATA.runs[lane.run].label}, layer ${layer.name}${over}. ${(100 * lane.zeros[lane.frame[stop]]).toFixed(0)} % of all its weights are exactly zero.${cut} Colours end at ±${number(layer.scale)}.`;
      place.querySelector(".epoch-text").textContent = `epoch ${epoch}`;
      slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
      words.textContent = `Epoch ${epoch}: ` + race.lanes.map((one) => {
        const losses = ["train", "test"].filter((split) => split in one.loss).map((split) => `${split} loss ${number(at(one.loss[split], epoch))}`);
        return `${DATA.runs[one.run].label} ${losses.join(", ")}${one.last < epoch ? ` (${ended(one)})` : ""}`;
      }).join("; ") + ".";
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "▶ Play";
      delete play.dataset.playing;
      words.setAttribute("aria-live", "polite");
    };
    play.addEventListener("click", () => {
      if (timer !== null) return stop();
      if (Number(slider.value) >= race.epochs.length - 1) slider.value = 0;
      play.textContent = "❚❚ Pause";
      play.dataset.playing = "";  // what a screen reader is told is the button's text
      words.setAttribute("aria-live", "off");  // a screen reader would be told of every frame
      show();
      timer = setInterval(() => {
        slider.value = Number(slider.value) + 1;
        show();
        if (Number(slider.value) >= race.epochs.length - 1) stop();
      }, FRAME_MS);
    });
    slider.addEventListener("input", () => { if (timer !== null) stop(); show(); });
    laneBox.addEventListener("change", () => { fillLayers(); show(); });
    layerBox.addEventListener("change", show);
    fillLayers();
    show();
  }

  // ---- the strength of a sweep
  for (const place of all(".strength")) {
    const sweep = DATA.strengths[place.id];
    const slider = place.querySelector(".value");
    const show = () => {
      const value = Number(slider.value);
      const curve = FIGURES[`${place.id}-curve`], fit = FIGURES[`${place.id}-fit`];
      if (curve.layout.shapes) Object.assign(curve.layout.shapes[1], { x0: sweep.positions[value], x1: sweep.positions[value] });
      const found = sweep.fits[value] || null;
      if (fit && sweep.surface.kind === "line") {
        const [others, own] = fit.data.filter((trace) => trace.meta.role === "fit");
        own.y = found ? found.drawn : [];
        own.line = { ...own.line, width: 4 };
        // One trace with breaks, so that there is one for any number of seeds.
        others.x = found ? found.others.flatMap(() => [...sweep.surface.axes[0], null]) : [];
        others.y = found ? found.others.flatMap((line) => [...line, null]) : [];
      } else if (fit) setMap(fit, sweep.surface, found ? found.drawn : null);
      draw(`${place.id}-curve`);
      draw(`${place.id}-fit`);
      place.querySelector(".value-text").textContent = sweep.values[value];
      slider.setAttribute("aria-valuetext", sweep.values[value]);
      place.querySelector(".strength-text").textContent = `${sweep.key} = ${sweep.values[value]}: ${sweep.texts[value]}`;
    };
    slider.addEventListener("input", show);
    show();
  }

  // ---- light and dark
  const button = document.getElementById("theme");
  const repaint = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    drawn.forEach(draw);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    repaint();
  });
  prefersDark.addEventListener("change", repaint);
  button.setAttribute("aria-pressed", String(isDark()));
  all(".plot").forEach((place) => near.observe(place));
})();
