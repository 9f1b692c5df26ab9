"use strict";
// Draws the charts of a report: reading off by pointer or arrow keys, zooming by dragging or + and -, runs shown or not.
const seahorse = (() => {
  const colors = 8, dashes = 4, mostPoints = 5000, left = 56, right = 10, top = 8, bottom = 22;
  const SVG = "http://www.w3.org/2000/svg";
  const state = { runs: [], charts: [], hidden: new Set(), raw: true, zoom: null, cursor: null };

  const make = (name, attributes, parent) => {
    const e = document.createElementNS(SVG, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (parent) parent.appendChild(e);
    return e;
  };
  const styleOf = l => `c${l.color % colors} d${Math.floor(l.color / colors) % dashes}`;
  const format = v => {
    if (v === 0) return "0";
    const a = Math.abs(v);
    if (a >= 1e6 || a < 1e-3) return Number(v.toPrecision(4)).toExponential().replace("e+", "e");
    return String(Number(v.toPrecision(5)));
  };
  const formatStep = v => Math.round(v).toLocaleString("en");

  // ticks returns round numbers between two.
  const ticks = (lo, hi, most) => {
    const span = hi - lo || 1, power = Math.pow(10, Math.floor(Math.log10(span / most)));
    const step = [1, 2, 5, 10].map(f => f * power).find(s => span / s <= most) || 10 * power;
    const out = [];
    for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i++) out.push(i * step);
    return out;
  };
  const logTicks = (lo, hi) => {
    const out = [];
    for (let p = Math.floor(lo); p <= hi; p++) for (const f of hi - lo < 2 ? [1, 2, 5] : [1]) {
      const v = p + Math.log10(f);
      if (v >= lo && v <= hi) out.push(v);
    }
    return out.length > 1 && out.length < 9 ? out : ticks(lo, hi, 5);
  };

  // at returns the index of the first step that is not below one.
  const at = (steps, step) => {
    let lo = 0, hi = steps.length;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (steps[mid] < step) lo = mid + 1; else hi = mid; }
    return lo;
  };
  const nearest = (steps, step) => {
    const i = at(steps, step);
    return i > 0 && (i === steps.length || step - steps[i - 1] <= steps[i] - step) ? i - 1 : i;
  };

  // bounds returns the first and last step of all lines that are shown.
  const bounds = () => {
    if (state.ends) return state.ends;
    let lo = Infinity, hi = -Infinity;
    for (const c of state.charts) for (const l of c.lines) if (!state.hidden.has(l.run) && l.steps.length) {
      lo = Math.min(lo, l.steps[0]); hi = Math.max(hi, l.steps[l.steps.length - 1]);
    }
    return lo <= hi ? [lo, hi] : [0, 1];
  };

  const visible = c => c.lines.filter(l => !state.hidden.has(l.run) && (l.kind !== "raw" || state.raw) && l.steps.length);

  // thinned returns the numbers of the points of a line that are drawn: all, or the first, the last, and the lowest and highest of equal parts.
  const thinned = (values, from, to, most) => {
    const all = to - from <= most, parts = all ? to - from : most >> 1, found = [];
    for (let part = 0; part < parts; part++) {
      const begin = from + Math.floor((to - from) * part / parts), end = from + Math.floor((to - from) * (part + 1) / parts);
      let low = begin, high = begin;
      for (let i = begin + 1; i < end; i++) { if (values[i] < values[low]) low = i; if (values[i] > values[high]) high = i; }
      if (part === 0 && low !== begin && high !== begin) found.push(begin);
      found.push(Math.min(low, high));
      if (low !== high) found.push(Math.max(low, high));
      if (part === parts - 1 && found[found.length - 1] !== end - 1) found.push(end - 1);
    }
    return found;
  };

  // draw draws a chart anew.
  const draw = c => {
    const box = c.plot.getBoundingClientRect(), width = Math.max(180, box.width), height = box.height;
    let [x0, x1] = state.zoom || bounds();
    if (x1 <= x0) x1 = x0 + 1;
    const lines = visible(c), scale = c.log ? Math.log10 : v => v;
    let y0 = Infinity, y1 = -Infinity;
    for (const l of lines) {
      const from = Math.max(0, at(l.steps, x0) - 1), to = Math.min(l.steps.length, at(l.steps, x1) + 1);
      for (let i = from; i < to; i++) {
        if (c.log && l.values[i] <= 0) continue;
        const y = scale(l.values[i]);
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
    }
    if (!(y0 <= y1)) { y0 = 0; y1 = 1; }
    const pad = (y1 - y0) * 0.05 || Math.abs(y1) * 0.05 || 0.5;
    y0 = !c.log && y0 >= 0 ? Math.max(0, y0 - pad) : y0 - pad;
    y1 += pad;
    const px = v => left + (v - x0) / (x1 - x0) * (width - left - right);
    const py = v => top + (y1 - v) / (y1 - y0) * (height - top - bottom);
    c.at = { x0, x1, px, py, scale, width, height, step: p => x0 + (p - left) / (width - left - right) * (x1 - x0) };

    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const t of c.log ? logTicks(y0, y1) : ticks(y0, y1, 5)) {
      make("line", { class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t) }, svg);
      make("text", { x: left - 5, y: py(t) + 4, "text-anchor": "end" }, svg).textContent = format(c.log ? Math.pow(10, t) : Number(t.toPrecision(12)));
    }
    for (const t of ticks(x0, x1, Math.max(2, Math.floor(width / 110)))) {
      if (t < x0 || px(t) > width - right - 2) continue;
      make("text", { x: px(t), y: height - 6, "text-anchor": px(t) < left + 20 ? "start" : "middle" }, svg).textContent = formatStep(t);
    }
    const clip = make("clipPath", { id: c.id + "-clip" }, svg);
    make("rect", { x: left, y: top - 4, width: width - left - right, height: height - top - bottom + 8 }, clip);
    const body = make("g", { "clip-path": `url(#${c.id}-clip)` }, svg);
    for (const kind of ["raw", "smooth", "points"]) for (const l of lines) {
      if (l.kind !== kind) continue;
      const from = Math.max(0, at(l.steps, x0) - 1), to = Math.min(l.steps.length, at(l.steps, x1) + 1);
      let path = "", begun = false;
      for (const i of thinned(l.values, from, to, mostPoints / lines.length)) {
        if (c.log && l.values[i] <= 0) { begun = false; continue; }
        path += `${begun ? "L" : "M"}${px(l.steps[i]).toFixed(1)} ${py(scale(l.values[i])).toFixed(1)}`;
        begun = true;
      }
      make("path", { class: `line ${kind} ${styleOf(l)}`, d: path || "M0 0" }, body);
      if (kind === "points" && to - from <= 60) for (let i = from; i < to; i++) {
        if (!c.log || l.values[i] > 0) make("circle", { class: `mark ${styleOf(l)}`, cx: px(l.steps[i]), cy: py(scale(l.values[i])), r: 2.2 }, body);
      }
    }
    c.over = make("g", {}, svg);
    c.plot.querySelector("svg")?.remove();
    c.plot.prepend(svg);
    c.plot.setAttribute("aria-valuemin", x0);
    c.plot.setAttribute("aria-valuemax", x1);
    read(c);
  };

  // read shows the values at the cursor.
  const read = c => {
    if (!c.at) return;
    c.over.replaceChildren();
    c.tip?.remove();
    c.tip = null;
    const step = state.cursor;
    if (step === null || step < c.at.x0 || step > c.at.x1) return;
    const x = c.at.px(step);
    make("line", { class: "cursor", x1: x, x2: x, y1: top, y2: c.at.height - bottom }, c.over);
    if (c !== state.active) return;
    const found = [];
    for (const l of visible(c)) {
      if (l.kind === "raw" && c.lines.length > 8) continue;
      const i = nearest(l.steps, step);
      if (step < l.steps[0] - (c.at.x1 - c.at.x0) / 20 || step > l.steps[l.steps.length - 1] + (c.at.x1 - c.at.x0) / 20) continue;
      found.push({ l, v: l.values[i] });
    }
    found.sort((a, b) => b.v - a.v);
    const tip = document.createElement("div"), head = document.createElement("div");
    tip.className = "tip";
    head.textContent = "step " + formatStep(step);
    tip.append(head);
    for (const { l, v } of found.slice(0, 12)) {
      const row = document.createElement("div"), name = document.createElement("span"), value = document.createElement("b");
      const key = make("svg", { class: "key", viewBox: "0 0 28 10", "aria-hidden": "true" });
      make("line", { class: `line ${l.kind} ${styleOf(l)}`, x1: 1, x2: 27, y1: 5, y2: 5 }, key);
      name.textContent = l.label;
      value.textContent = format(v);
      row.append(key, name, value);
      tip.append(row);
    }
    if (found.length > 12) { const more = document.createElement("div"); more.textContent = `and ${found.length - 12} more`; tip.append(more); }
    tip.style[x < c.at.width / 2 ? "left" : "right"] = (x < c.at.width / 2 ? x + 10 : c.at.width - x + 10) + "px";
    tip.setAttribute("aria-hidden", "true");
    c.plot.append(tip);
    c.tip = tip;
    c.plot.setAttribute("aria-valuenow", Math.round(step));
    c.plot.setAttribute("aria-valuetext", `step ${formatStep(step)}: ` + (found.slice(0, 12).map(({ l, v }) => `${l.label} ${format(v)}`).join("; ") || "nothing"));
  };

  const waiting = new Set();
  const observer = new IntersectionObserver(entries => {
    for (const e of entries) {
      const c = state.charts.find(c => c.plot === e.target);
      if (!c) continue;
      c.seen = e.isIntersecting;
    }
    askFrame();
  }, { rootMargin: "300px" });
  let asked = false;
  // redraw draws the charts that are on the screen, and the others when they come there.
  const redraw = () => {
    for (const c of state.charts) waiting.add(c);
    askFrame();
  };
  const askFrame = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(drawSeen);
  };
  // drawSeen draws one of the charts that are on the screen with each frame, so that none takes long: first the one that is used.
  const drawSeen = () => {
    const seen = state.charts.filter(c => c.seen && waiting.has(c)), c = seen.includes(state.active) ? state.active : seen[0];
    if (c) { waiting.delete(c); draw(c); }
    asked = false;
    if (seen.length > 1) askFrame(); else later(drawNext);
  };
  // drawNext draws a chart that isn't on the screen, when there is nothing else to do.
  const later = f => (globalThis.requestIdleCallback || setTimeout)(f);
  const drawNext = () => {
    for (const c of waiting) { if (!c.plot.offsetWidth) continue; waiting.delete(c); draw(c); later(drawNext); return; }
  };
  const readAll = () => { for (const c of state.charts) if (c.seen && !waiting.has(c)) read(c); };

  const zoomTo = (lo, hi) => {
    const [a, b] = bounds();
    lo = Math.max(a, lo); hi = Math.min(b, hi);
    if (hi - lo < 1) return;
    state.zoom = lo <= a && hi >= b ? null : [lo, hi];
    redraw();
    if (seahorse.zoomed) seahorse.zoomed(state.zoom);
  };

  // attach lets a chart be used.
  const attach = c => {
    let dragged = null;
    const where = e => { const box = c.plot.getBoundingClientRect(); return Math.min(Math.max((e.clientX - box.left) * (c.at.width / box.width), left), c.at.width - right); };
    c.plot.addEventListener("pointermove", e => {
      if (!c.at) return;
      state.active = c;
      state.cursor = c.at.step(where(e));
      const steps = visible(c).find(l => l.kind !== "points")?.steps || visible(c)[0]?.steps;
      if (steps) state.cursor = steps[nearest(steps, state.cursor)];
      readAll();
      if (dragged !== null) {
        const x = where(e);
        make("rect", { class: "zone", x: Math.min(dragged, x), width: Math.abs(x - dragged), y: top, height: c.at.height - top - bottom }, c.over);
      }
    });
    c.plot.addEventListener("pointerdown", e => { if (c.at && e.button === 0 && e.pointerType === "mouse") { dragged = where(e); c.plot.setPointerCapture(e.pointerId); } });
    c.plot.addEventListener("pointerup", e => {
      if (dragged === null) return;
      const a = dragged, b = where(e);
      dragged = null;
      if (Math.abs(a - b) > 6) zoomTo(c.at.step(Math.min(a, b)), c.at.step(Math.max(a, b))); else readAll();
    });
    c.plot.addEventListener("pointerleave", () => { if (dragged === null) { state.cursor = null; readAll(); } });
    c.plot.addEventListener("dblclick", () => { state.zoom = null; redraw(); if (seahorse.zoomed) seahorse.zoomed(null); });
    c.plot.addEventListener("keydown", e => {
      if (!c.at || e.ctrlKey || e.metaKey || e.altKey) return;
      const { x0, x1 } = c.at, span = x1 - x0, middle = state.cursor ?? (x0 + x1) / 2;
      const moves = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };
      if (e.key in moves) {
        if (e.shiftKey) zoomTo(x0 + moves[e.key] * span / 4, x1 + moves[e.key] * span / 4);
        else {
          const steps = visible(c).find(l => l.kind !== "points")?.steps || visible(c)[0]?.steps || [];
          const jump = Math.max(1, Math.round((at(steps, x1) - at(steps, x0)) / 50));
          const i = Math.min(Math.max(nearest(steps, middle) + moves[e.key] * jump, 0), steps.length - 1);
          state.active = c;
          state.cursor = Math.min(Math.max(steps[i] ?? middle, x0), x1);
          readAll();
        }
      } else if (e.key === "+" || e.key === "=") zoomTo(middle - span / 4, middle + span / 4);
      else if (e.key === "-") zoomTo(middle - span, middle + span);
      else if (e.key === "0") zoomTo(-Infinity, Infinity);
      else if (e.key === "Home" || e.key === "End") { state.active = c; state.cursor = e.key === "Home" ? x0 : x1; readAll(); }
      else return;
      e.preventDefault();
    });
    c.plot.addEventListener("blur", () => { state.cursor = null; readAll(); });
    c.figure.querySelector(".log").addEventListener("click", e => {
      c.log = !c.log;
      e.currentTarget.setAttribute("aria-pressed", String(c.log));
      draw(c);
    });
  };

  // take takes the figures in: steps come as distances.
  const take = data => {
    state.runs = data.runs;
    for (const d of data.charts) {
      for (const l of d.lines) for (let i = 1; i < l.steps.length; i++) l.steps[i] += l.steps[i - 1];
      let c = state.charts.find(c => c.id === d.id);
      if (c) { c.lines = d.lines; continue; }
      const figure = document.getElementById(d.id);
      if (!figure) continue;
      c = { id: d.id, figure, plot: figure.querySelector(".plot"), lines: d.lines, log: false, seen: false };
      state.charts.push(c);
      attach(c);
      observer.observe(c.plot);
    }
    redraw();
  };

  const start = () => {
    take(JSON.parse(document.getElementById("data").textContent));
    for (const box of document.querySelectorAll("[data-show]")) box.addEventListener("change", () => {
      const run = Number(box.dataset.show);
      if (box.checked) state.hidden.delete(run); else state.hidden.add(run);
      redraw();
    });
    document.getElementById("raw").addEventListener("click", e => {
      state.raw = !state.raw;
      e.currentTarget.setAttribute("aria-pressed", String(state.raw));
      redraw();
    });
    document.getElementById("whole").addEventListener("click", () => zoomTo(-Infinity, Infinity));
    document.getElementById("theme").addEventListener("click", () => {
      const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    });
    addEventListener("resize", redraw);
    addEventListener("beforeprint", () => state.charts.forEach(draw));
  };
  return { start, take, state };
})();
if (document.getElementById("data")) seahorse.start();
