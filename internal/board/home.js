"use strict";
// Lists the runs, as they appear and go on.
(() => {
  const body = document.getElementById("runs"), status = document.getElementById("live"), filter = document.getElementById("filter"), compare = document.getElementById("compare");
  const chosen = new Set(), rows = new Map();
  let runs = [];
  const most = 64;
  const number = v => v === undefined ? "–" : String(Number(v.toPrecision(5)));
  const ago = seconds => {
    if (!seconds) return "–";
    const s = Math.max(0, Math.round(Date.now() / 1000 - seconds));
    return s < 60 ? `${s} s ago` : s < 3600 ? `${Math.floor(s / 60)} min ago` : s < 86400 ? `${Math.floor(s / 3600)} h ago` : `${Math.floor(s / 86400)} days ago`;
  };
  const set = (e, text) => { if (e.textContent !== text) e.textContent = text; };

  const rowOf = id => {
    if (rows.has(id)) return rows.get(id);
    const row = document.createElement("tr"), head = document.createElement("th"), box = document.createElement("input"), link = document.createElement("a"), cells = [];
    head.scope = "row";
    box.type = "checkbox";
    box.setAttribute("aria-label", "choose " + id);
    box.addEventListener("change", () => { if (box.checked) chosen.add(id); else chosen.delete(id); choice(); });
    link.href = "runs?run=" + encodeURIComponent(id);
    link.textContent = id === "." ? document.querySelector("h1").textContent.slice(8) : id;
    head.append(box, " ", link);
    row.append(head);
    for (let i = 0; i < 6; i++) { cells.push(document.createElement("td")); row.append(cells[i]); }
    rows.set(id, { row, cells });
    return rows.get(id);
  };
  const choice = () => { compare.disabled = !chosen.size || chosen.size > most; };

  const show = () => {
    const wanted = filter.value.toLowerCase(), shown = [];
    for (const r of runs) {
      if (!r.id.toLowerCase().includes(wanted)) continue;
      const { row, cells } = rowOf(r.id);
      const texts = [r.state, r.step.toLocaleString("en") + (r.max_steps ? " of " + r.max_steps.toLocaleString("en") : ""), number(r.loss), number(r.eval_loss), number(r.speed), ago(r.changed)];
      texts.forEach((text, i) => set(cells[i], text));
      shown.push(row);
    }
    if (shown.length !== body.children.length || shown.some((row, i) => body.children[i] !== row)) body.replaceChildren(...shown);
    const going = runs.filter(r => r.state === "running").length;
    set(status, runs.length ? `${runs.length} ${runs.length === 1 ? "run" : "runs"}, running: ${going}` : "no run yet");
  };
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch("list");
      if (answer.ok) {
        runs = await answer.json();
        for (const id of [...rows.keys()]) if (!runs.some(r => r.id === id)) { rows.delete(id); chosen.delete(id); }
        show();
        choice();
      } else set(status, "the board answers: " + await answer.text());
    } catch { set(status, "the board doesn't answer"); }
    asking = false;
  };
  filter.addEventListener("input", show);
  compare.addEventListener("click", () => { location.href = "runs?" + [...chosen].map(id => "run=" + encodeURIComponent(id)).join("&"); });
  setInterval(() => { if (!document.hidden) ask(); }, 1500);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
})();
