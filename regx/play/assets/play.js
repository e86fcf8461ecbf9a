"use strict";
// The page of the playground: it sends what is moved, and draws what comes. All state lives in the session.

const element = (id) => document.getElementById(id);
const made = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const laneColour = (number) => colour(`--c${number % 8}`);
const short = (value) => (value === null || value === undefined ? "–" : Math.abs(value) >= 1000 || (value && Math.abs(value) < 0.001) ? value.toExponential(2) : value.toPrecision(3));

// Sliders of the shared settings: key, words, least, greatest, whether on a scale of powers, step.
const SHARED = [
  ["dataset.n_train", "training rows", 4, 1000, true, 1], ["dataset.noise", "noise", 0, 1, false, 0.01],
  ["dataset.label_noise", "share of random labels", 0, 1, false, 0.01], ["optimizer.lr", "learning rate", 1e-4, 1, true, 0],
  ["optimizer.momentum", "momentum", 0, 0.99, false, 0.01], ["width", "units of a layer", 1, 256, true, 1],
  ["depth", "hidden layers", 0, 8, false, 1], ["seeds", "seeds", 1, 20, false, 1],
];

let session = sessionStorage.getItem("session");
if (!session) {
  session = Math.random().toString(36).slice(2) + Date.now().toString(36);
  sessionStorage.setItem("session", session);
}
let socket = null, state = null, frame = null, weights = {}, number = 0, tries = 0, dragging = false;
const waiting = new Map();  // when a command was sent, for measuring how soon it shows
window.latencies = [];
window.pictures = 0;

function connect() {
  socket = new WebSocket(`ws://${location.host}${location.pathname}live?session=${encodeURIComponent(session)}`);
  socket.onopen = () => {
    tell(tries ? "The connection is back." : "");
    tries = 0;
    if (location.hash.startsWith("#state=")) {
      try {
        const bytes = Uint8Array.from(atob(decodeURIComponent(location.hash.slice(7))), (sign) => sign.charCodeAt(0));
        send({ type: "load", document: JSON.parse(new TextDecoder().decode(bytes)) });
      } catch { tell("The link holds no state that can be read."); }
      history.replaceState(null, "", location.pathname);
    }
  };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = () => {
    tries += 1;
    tell("The connection is lost. Is regx play still running? Trying again.");
    setTimeout(connect, Math.min(250 * 2 ** tries, 5000));
  };
}

function tell(text) { if (element("told").textContent !== text) element("told").textContent = text; }

function send(command) {
  if (socket.readyState !== WebSocket.OPEN) return;
  command.id = ++number;
  waiting.set(command.id, performance.now());
  socket.send(JSON.stringify(command));
}

function receive(message) {
  if (message.type === "error") return tell(message.message);
  if (message.type === "state") {
    state = message;
    showState();
  } else {
    frame = message;
    for (const lane of frame.lanes) if (lane.weights) weights[lane.name] = lane.weights;
    if (!frame.queued) requestAnimationFrame(draw);
  }
}

// Settings

const at = (path) => path.split(".").reduce((found, key) => (found === undefined || found === null ? undefined : found[key]), state.document);

function showState() {
  element("run").setAttribute("aria-pressed", state.running);
  element("run").textContent = state.running ? "Pause" : "Run";
  element("undo").disabled = !state.can_undo;
  element("yaml").textContent = state.yaml;
  element("midway").hidden = !state.changed_midway;
  for (const [key, words, low, high, powers, step] of SHARED) {
    const value = sharedValue(key);
    if (value !== undefined) control(element("shared"), key, words, value, { low, high, powers, step }, (moved) => setShared(key, moved));
    else remove(`control-${key}`);
  }
  choice(element("shared"), "architecture.activation", "activation", ["relu", "tanh", "sigmoid", "gelu", "leaky_relu"]);
  showColumns();
  const lanes = state.document.lanes;
  for (const old of [...element("stacks").children]) if (!(old.dataset.lane in lanes)) old.remove();
  Object.keys(lanes).forEach((name, place) => showLane(name, lanes[name], place));
}

// Of a table two features are chosen, so that there is a plane to draw; or one, or all.
function showColumns() {
  const { columns } = state.data;
  if (columns.length < 2) return;
  const kept = columns.filter((name) => !(at("dataset.drop") || []).includes(name));
  ["first", "second"].forEach((which, place) => {
    const node = choice(element("shared"), `${which} feature`, `${which} feature`, ["all", ...columns]);
    node.querySelector("select").value = kept.length <= 2 ? kept[place] ?? "all" : "all";
    node.moved = () => {
      const chosen = ["first", "second"].map((one) => element(`choice-${one} feature`).querySelector("select").value).filter((name) => name !== "all");
      set("dataset.drop", chosen.length ? columns.filter((name) => !chosen.includes(name)) : []);
    };
  });
}

function sharedValue(key) {
  const hidden = at("architecture.hidden");
  if (key === "width") return hidden.length ? hidden[0] : undefined;
  if (key === "depth") return hidden.length;
  if (key === "seeds") return at("seeds").length;
  const value = at(key);
  return value === null ? undefined : value;
}

function setShared(key, value) {
  const hidden = at("architecture.hidden");
  if (key === "width") return set("architecture.hidden", hidden.map(() => value));
  if (key === "depth") return set("architecture.hidden", Array(value).fill(hidden[0] || 32));
  if (key === "seeds") return set("seeds", [...Array(value).keys()]);
  return set(key, value);
}

const set = (path, value) => { tell(""); send({ type: "set", path, value }); };
const remove = (id) => { const node = element(id); if (node) node.remove(); };

function control(place, key, words, value, range, moved) {
  const id = `control-${key}`;
  let node = element(id);
  const toSlider = (shown) => (range.powers ? Math.log10(Math.max(shown, range.low)) : shown);
  if (!node) {
    const slider = made("input", { type: "range", id: `${id}-slider` });
    const box = made("input", { type: "number", step: "any" });
    box.setAttribute("aria-label", `${words}, as a number`);
    node = made("div", { id, className: "control" }, made("label", { htmlFor: slider.id, textContent: words, title: range.help || "" }), slider, box);
    slider.min = toSlider(range.low);
    slider.max = toSlider(range.high);
    slider.step = range.step && !range.powers ? range.step : (slider.max - slider.min) / 200;
    slider.oninput = () => {
      let chosen = range.powers ? 10 ** Number(slider.value) : Number(slider.value);
      chosen = range.step === 1 ? Math.round(chosen) : Number(chosen.toPrecision(3));
      slider.setAttribute("aria-valuetext", String(chosen));
      box.value = chosen;
      node.moved(chosen);
    };
    box.onchange = () => { if (box.value !== "") node.moved(Number(box.value)); };
    place.append(node);
  }
  node.moved = moved;
  const [, slider, box] = node.children;
  if (document.activeElement !== slider) slider.value = toSlider(value);
  if (document.activeElement !== box) box.value = value;
  slider.setAttribute("aria-valuetext", String(value));
}

function choice(place, key, words, options) {
  let node = element(`choice-${key}`);
  if (!node) {
    const select = made("select", {}, ...options.map((option) => made("option", { textContent: option, value: option })));
    select.onchange = () => node.moved ? node.moved(select.value) : set(key, select.value);
    node = made("div", { id: `choice-${key}`, className: "control" }, made("label", {}, words, " ", select));
    place.append(node);
  }
  const value = at(key);
  if (value !== undefined) node.querySelector("select").value = value;
  return node;
}

function showLane(name, stack, place) {
  let node = [...element("stacks").children].find((child) => child.dataset.lane === name);
  if (!node) {
    const out = made("button", { className: "small", textContent: "Remove the lane" });
    out.onclick = () => set(`lanes.${name}`, null);
    const add = made("select", {}, made("option", { value: "", textContent: "Add a regularizer" }),
      ...Object.keys(state.members).map((kind) => made("option", { value: kind, textContent: kind })));
    add.setAttribute("aria-label", `add a regularizer to ${name}`);
    add.onchange = () => {
      const defaults = {};
      for (const [key, one] of Object.entries(state.members[add.value])) if (one.default !== null) defaults[key] = one.default;
      set(`lanes.${name}.${add.value}`, defaults);
      add.value = "";
    };
    node = made("fieldset", {}, made("legend", { textContent: name }), made("div", { className: "members" }), add, " ", out);
    node.dataset.lane = name;
    element("stacks").append(node);
  }
  node.style.setProperty("--lane", laneColour(place));
  const members = node.querySelector(".members");
  const kinds = stack.map((item) => Object.keys(item)[0]);
  for (const old of [...members.children]) if (!kinds.includes(old.dataset.kind)) old.remove();
  stack.forEach((item) => showMember(members, name, Object.keys(item)[0], Object.values(item)[0] || {}));
}

function showMember(place, lane, kind, settings) {
  let node = [...place.children].find((child) => child.dataset.kind === kind);
  if (!node) {
    const off = made("button", { className: "small", textContent: "off" });
    off.setAttribute("aria-label", `take ${kind} out of ${lane}`);
    off.onclick = () => set(`lanes.${lane}.${kind}`, null);
    node = made("div", { className: "member" }, made("h4", {}, kind, off));
    node.dataset.kind = kind;
    place.append(node);
  }
  for (const [key, declared] of Object.entries(state.members[kind])) {
    const path = `lanes.${lane}.${kind}.${key}`, value = settings[key];
    if ((declared.type === "float" || declared.type === "int") && typeof value === "number") {
      const low = declared.low ?? 0, bounded = declared.high !== null;
      const range = bounded ? { low, high: declared.type === "float" ? declared.high - 0.001 * (declared.high - low) : declared.high, powers: false, step: declared.type === "int" ? 1 : 0.005 }
        : declared.type === "int" ? { low: Math.max(low, 1), high: 2000, powers: true, step: 1 } : { low: 1e-5, high: 10, powers: true, step: 0 };
      control(node, path, key, value, { ...range, help: declared.help }, (moved) => set(path, moved));
    } else if (declared.options.length) {
      const box = choice(node, path, key, declared.options);
      box.moved = (chosen) => set(path, chosen);
      box.querySelector("select").value = value;
    }
  }
}

// Pictures

function sized(canvas, width, height) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  if (canvas.width !== Math.round(width * scale)) { canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale); }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function draw() {
  if (!frame || !state) return;
  for (const [id, sent] of waiting) if (frame.id >= id) { window.latencies.push(performance.now() - sent); waiting.delete(id); }
  window.pictures += 1;
  element("epoch").textContent = `epoch ${frame.epoch}${frame.looking_at === null ? "" : `, looking at ${frame.looking_at}`}`;
  element("run").setAttribute("aria-pressed", frame.running);
  element("run").textContent = frame.running ? "Pause" : "Run";
  drawSurfaces();
  drawLosses();
  showNumbers();
  drawValley();
  drawWeights();
}

function drawSurfaces() {
  const place = element("pictures");
  for (const old of [...place.children]) if (!frame.lanes.some((lane) => lane.name === old.dataset.lane)) old.remove();
  frame.lanes.forEach((lane, index) => {
    if (!lane.surface) return;
    let node = [...place.children].find((child) => child.dataset.lane === lane.name);
    if (!node) {
      node = made("figure", {}, made("figcaption", {}, lane.name, made("span")), made("canvas", { width: 320, height: 220 }));
      node.dataset.lane = lane.name;
      node.querySelector("canvas").setAttribute("role", "img");
      place.append(node);
    }
    node.style.setProperty("--lane", laneColour(index));
    const last = (name) => (lane.curves[name] ? lane.curves[name].mean.at(-1) : null);
    const accuracy = last("val_accuracy");
    node.querySelector("span").textContent = `validation ${short(last("val_loss"))}${accuracy === null ? "" : `, ${(100 * accuracy).toFixed(0)} %`}`;
    const canvas = node.querySelector("canvas");
    canvas.setAttribute("aria-label", `what ${lane.name} predicts; validation loss ${short(last("val_loss"))}`);
    const pen = sized(canvas, 320, 220);
    if (Array.isArray(frame.inputs)) drawCurve(pen, lane, index); else drawBoundary(pen, lane);
  });
}

function drawCurve(pen, lane, index) {
  const { train } = state.data, xs = frame.inputs, [[left, right]] = frame.extent;
  const ys = [...train.y, ...state.data.test.y];
  const low = Math.min(...ys) - 0.2, high = Math.max(...ys) + 0.2;
  const x = (value) => ((value - left) / (right - left)) * 320, y = (value) => 220 - ((value - low) / (high - low)) * 220;
  pen.fillStyle = laneColour(index);
  pen.globalAlpha = 0.2;
  pen.beginPath();
  xs.forEach((value, at) => pen.lineTo(x(value), y(lane.surface.high[at] ?? high)));
  [...xs.keys()].reverse().forEach((at) => pen.lineTo(x(xs[at]), y(lane.surface.low[at] ?? low)));
  pen.fill();
  pen.globalAlpha = 1;
  line(pen, colour("--soft"), state.data.test.x.map(([value], at) => [x(value), y(state.data.test.y[at])]), [4, 4]);
  line(pen, laneColour(index), xs.map((value, at) => [x(value), lane.surface.mean[at] === null ? null : y(lane.surface.mean[at])]), [], 2.2);
  pen.fillStyle = colour("--ink");
  train.x.forEach(([value], at) => { pen.beginPath(); pen.arc(x(value), y(train.y[at]), 2.4, 0, 7); pen.fill(); });
}

function drawBoundary(pen, lane) {
  const cells = frame.inputs, [[left, right], [bottom, top]] = frame.extent, values = lane.surface.mean;
  const finite = values.filter((value) => value !== null);
  const classes = state.data.task !== "regression";
  const low = classes ? 0 : Math.min(...finite), high = classes ? 1 : Math.max(...finite);
  const wide = 320 / cells, tall = 220 / cells;
  values.forEach((value, at) => {
    if (value === null) return;
    const share = (value - low) / (high - low || 1), away = Math.abs(share - 0.5) * 1.6;
    pen.fillStyle = share > 0.5 ? `rgba(0, 114, 178, ${away})` : `rgba(213, 94, 0, ${away})`;
    pen.fillRect((at % cells) * wide, 220 - (Math.floor(at / cells) + 1) * tall, wide + 0.6, tall + 0.6);
  });
  state.data.train.x.forEach(([one, other], at) => {
    const x = ((one - left) / (right - left)) * 320, y = 220 - ((other - bottom) / (top - bottom)) * 220;
    pen.fillStyle = state.data.train.y[at] > 0.5 ? "#00507d" : "#9a4300";
    pen.strokeStyle = colour("--ground");
    pen.beginPath();
    pen.arc(x, y, 3, 0, 7);
    pen.fill();
    pen.stroke();
  });
}

function line(pen, style, points, dash = [], width = 1.6) {
  pen.strokeStyle = style;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.beginPath();
  let down = false;
  for (const [x, y] of points) {
    if (y === null || y === undefined || Number.isNaN(y)) { down = false; continue; }
    if (down) pen.lineTo(x, y); else pen.moveTo(x, y);
    down = true;
  }
  pen.stroke();
  pen.setLineDash([]);
}

function drawLosses() {
  const pen = sized(element("losses"), 900, 320);
  const epochs = frame.lanes[0].curves.epoch, last = Math.max(epochs.at(-1), 1);
  const all = frame.lanes.flatMap((lane) => ["train_loss", "val_loss"].flatMap((name) => lane.curves[name].mean)).filter((value) => value > 0);
  const low = Math.log10(Math.max(Math.min(...all, 1), 1e-8)), high = Math.log10(Math.min(Math.max(...all, 1e-3), 1e6));
  const x = (epoch) => 50 + (epoch / last) * 835, y = (value) => (value === null || value <= 0 ? null : 290 - ((Math.log10(value) - low) / (high - low || 1)) * 275);
  axes(pen, low, high, y, `epoch ${last}`);
  frame.lanes.forEach((lane, index) => {
    const band = lane.curves.val_loss;
    pen.fillStyle = laneColour(index);
    pen.globalAlpha = 0.12;
    pen.beginPath();
    epochs.forEach((epoch, at) => pen.lineTo(x(epoch), y(band.high[at]) ?? 0));
    [...epochs.keys()].reverse().forEach((at) => pen.lineTo(x(epochs[at]), y(band.low[at]) ?? 290));
    pen.fill();
    pen.globalAlpha = 1;
    line(pen, laneColour(index), epochs.map((epoch, at) => [x(epoch), y(lane.curves.train_loss.mean[at])]));
    line(pen, laneColour(index), epochs.map((epoch, at) => [x(epoch), y(band.mean[at])]), [6, 4]);
    for (const epoch of lane.stopped) if (epoch) { pen.fillStyle = laneColour(index); pen.fillRect(x(epoch) - 1.5, 282, 3, 8); }
  });
  const marker = element("marker");
  marker.max = last;
  if (!dragging) marker.value = frame.looking_at === null ? last : frame.looking_at;
  if (frame.looking_at !== null) line(pen, colour("--ink"), [[x(frame.looking_at), 15], [x(frame.looking_at), 290]], [2, 3]);
}

function axes(pen, low, high, y, words) {
  pen.fillStyle = colour("--soft");
  pen.font = "12px system-ui";
  for (let power = Math.ceil(low); power <= Math.floor(high); power += 1) {
    const at = y(10 ** power);
    pen.fillText(10 ** power >= 0.001 ? String(10 ** power) : `1e${power}`, 4, at + 4);
    line(pen, colour("--line"), [[50, at], [885, at]], [], 0.7);
  }
  pen.fillText(words, 820, 310);
  pen.fillText("0", 50, 310);
}

function showNumbers() {
  const first = frame.lanes[0].curves, names = ["train_loss", "val_loss", "test_loss", "train_accuracy", "val_accuracy", "test_accuracy"].filter((name) => first[name]);
  const table = element("numbers");
  table.tHead.replaceChildren(made("tr", {}, ...["lane", ...names.map((name) => name.replace("_", " ")), "gap", "stopped at"].map((words) => made("th", { scope: "col", textContent: words }))));
  table.tBodies[0].replaceChildren(...frame.lanes.map((lane) => {
    const values = names.map((name) => lane.curves[name].mean.at(-1));
    const [train, val] = [lane.curves.train_loss.mean.at(-1), lane.curves.val_loss.mean.at(-1)];
    const stopped = lane.stopped.filter((epoch) => epoch);
    const ends = stopped.length ? `${stopped.length} of ${lane.stopped.length}, first ${Math.min(...stopped)}` : "–";
    return made("tr", {}, made("th", { scope: "row", textContent: lane.name }), ...values.map((value) => made("td", { textContent: short(value) })),
      made("td", { textContent: train === null || val === null ? "–" : short(val - train) }), made("td", { textContent: ends }));
  }));
}

function drawValley() {
  const { path, points } = frame.slider;
  const here = path ? { value: valueAt(path), val_loss: Object.fromEntries(frame.lanes.map((lane) => [lane.name, lane.curves.val_loss.mean.at(-1)])) } : null;
  const all = [...points, ...(here && typeof here.value === "number" ? [here] : [])].filter((point) => typeof point.value === "number");
  element("valley-section").hidden = all.length < 2;
  if (all.length < 2) return;
  element("valley-title").textContent = `Validation loss along ${path}, each value when it was left`;
  const pen = sized(element("valley"), 900, 240), sorted = all.sort((one, other) => one.value - other.value);
  const losses = sorted.flatMap((point) => Object.values(point.val_loss)).filter((value) => value > 0);
  const low = Math.log10(Math.min(...losses)) - 0.05, high = Math.log10(Math.max(...losses)) + 0.05;
  const x = (at) => 60 + (at / (sorted.length - 1)) * 800, y = (value) => (value > 0 ? 205 - ((Math.log10(value) - low) / (high - low)) * 190 : null);
  pen.fillStyle = colour("--soft");
  pen.font = "12px system-ui";
  sorted.forEach((point, at) => pen.fillText(short(point.value), x(at) - 12, 228));
  pen.fillText(short(10 ** high), 4, 18);
  pen.fillText(short(10 ** low), 4, 205);
  frame.lanes.forEach((lane, index) => line(pen, laneColour(index), sorted.map((point, at) => [x(at), y(point.val_loss[lane.name])]), [], 2));
}

function valueAt(path) {
  const keys = path.split(".");
  if (keys[0] !== "lanes") return at(path);
  const item = (state.document.lanes[keys[1]] || []).find((one) => keys[2] in one);
  return item ? item[keys[2]][keys[3]] : undefined;
}

function drawWeights() {
  const place = element("weights");
  const sizes = frame.lanes.flatMap((lane) => (weights[lane.name] || []).flat(2)).map((value) => Math.abs(value ?? 0)).sort((one, other) => one - other);
  const largest = Math.max(1e-6, sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0);  // a few outliers would leave the rest pale
  element("scale").textContent = `Orange is negative, blue positive; full colour is ${short(largest)} or more.`;
  for (const old of [...place.children]) if (!frame.lanes.some((lane) => lane.name === old.dataset.lane)) old.remove();
  frame.lanes.forEach((lane, index) => {
    let node = [...place.children].find((child) => child.dataset.lane === lane.name);
    if (!node) {
      node = made("figure", {}, made("figcaption", { textContent: lane.name }), made("div", { className: "maps" }));
      node.dataset.lane = lane.name;
      place.append(node);
    }
    node.style.setProperty("--lane", laneColour(index));
    const maps = node.querySelector(".maps"), shown = weights[lane.name] || [];
    while (maps.children.length > shown.length) maps.lastChild.remove();
    shown.forEach((rows, layer) => {
      const canvas = maps.children[layer] || maps.appendChild(made("canvas"));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `weights of layer ${layer} of ${lane.name}`);
      const side = Math.max(2, Math.floor(96 / Math.max(rows.length, rows[0].length)));
      canvas.width = rows[0].length * side;
      canvas.height = rows.length * side;
      const pen = canvas.getContext("2d");
      rows.forEach((row, down) => row.forEach((value, across) => {
        const away = Math.min(1, Math.abs(value ?? 0) / largest);
        pen.fillStyle = value === null ? "#888" : value > 0 ? `rgba(0, 114, 178, ${away})` : `rgba(213, 94, 0, ${away})`;
        pen.fillRect(across * side, down * side, side, side);
      }));
    });
  });
}

// What is pressed

element("run").onclick = () => send({ type: frame && frame.running ? "pause" : "run" });
element("step").onclick = () => send({ type: "step" });
element("reset").onclick = () => send({ type: "reset" });
element("undo").onclick = () => send({ type: "undo" });
element("speed").onchange = (event) => send({ type: "speed", epochs: Number(event.target.value) || 0 });
element("stop_at").onchange = (event) => send({ type: "stop_at", epoch: Number(event.target.value) || 0 });
element("marker").oninput = (event) => { dragging = true; send({ type: "look", epoch: Number(event.target.value) }); };
element("marker").onchange = () => { dragging = false; };
element("add-lane").onsubmit = (event) => {
  event.preventDefault();
  set(`lanes.${event.target.elements.name.value}`, []);
  event.target.reset();
};
element("link").onclick = async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(state.document));
  const text = `${location.origin}${location.pathname}#state=${encodeURIComponent(btoa(String.fromCharCode(...bytes)))}`;
  await copied(text, "The link is copied: it holds every setting.");
};
element("copy").onclick = () => copied(state.yaml, "The config is copied. Save it as a file and type: regx race FILE");
async function copied(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    tell(said);
  } catch { window.prompt("Copy this:", text); }
}
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea, button, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") { event.preventDefault(); element("run").click(); }
  if (event.key === "s") element("step").click();
  if (event.key === "r") element("reset").click();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
connect();
