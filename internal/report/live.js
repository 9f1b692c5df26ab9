// Keeps a page up with its runs: asks for what is new each second, and lets runs be stopped, let save and slowed down.
(() => {
  const { live, control } = document.body.dataset, status = document.getElementById("live");
  let version = 0, span = null, asking = false, again = false, samples = 0, spikes = -1, rollouts = "";
  const pending = new Map();
  const say = text => { if (status.textContent !== text) status.textContent = text; };

  const show = u => {
    version = u.version;
    for (const c of u.figures.charts) if (!document.getElementById(c.id)) { location.reload(); return; }
    seahorse.state.ends = span ? u.ends : null;
    seahorse.take(u.figures);
    for (const id in u.tables) {
      const tables = document.querySelector(`#${id} .tables`);
      if (tables) tables.innerHTML = u.tables[id];
    }
    u.runs.forEach((run, i) => {
      for (const cell of document.querySelectorAll(`tr[data-run="${i}"] [data-of]`)) {
        const text = run[cell.dataset.of];
        if (cell.textContent !== text) cell.textContent = text;
      }
      const form = document.querySelector(`form[data-run="${i}"]`);
      if (form) form.hidden = run.state !== "running" && !form.querySelector("output").textContent;
      for (const id of run.obeyed || []) if (pending.has(id)) {
        const p = pending.get(id);
        pending.delete(id);
        p.output.textContent = p.what + ": done";
      }
      if (run.state !== "running") for (const [id, p] of pending) if (p.run === i) { pending.delete(id); p.output.textContent = p.what + ": the run has ended"; }
    });
    if (u.samples.length !== samples) { document.getElementById("samples").innerHTML = u.samples; samples = u.samples.length; }
    if (u.spikes.length !== spikes) {
      if (spikes >= 0) document.getElementById("spiked").innerHTML = u.spikes;
      spikes = u.spikes.length;
      document.getElementById("spikes").hidden = !u.spikes.trim();
    }
    const judged = document.getElementById("judged");
    if (u.rollouts !== rollouts && !judged.querySelector("details[open]")) { // what someone reads stays
      judged.innerHTML = rollouts = u.rollouts;
      document.getElementById("rollouts").hidden = !u.rollouts.trim();
    }
    const events = document.getElementById("events");
    events.hidden = !(u.events || []).length;
    events.querySelector("ul").replaceChildren(...(u.events || []).map(text => { const li = document.createElement("li"); li.textContent = text; return li; }));
    say(u.runs.some(r => r.state === "running") ? "live" : "no run goes on");
  };

  const ask = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const part = span ? `&from=${Math.max(0, Math.floor(span[0]))}&to=${Math.ceil(span[1])}` : "";
      const answer = await fetch(`${live}&seen=${version}${part}`);
      if (answer.status === 200) show(await answer.json());
      else if (answer.status !== 204) say("the board answers: " + await answer.text());
    } catch { say("the board doesn't answer"); }
    asking = false;
    if (again) { again = false; ask(); }
  };
  seahorse.zoomed = zoom => { span = zoom; version = 0; ask(); };
  setInterval(() => { if (!document.hidden) ask(); }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();

  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", async () => {
    const form = button.closest("form"), output = form.querySelector("output"), run = Number(form.dataset.run);
    const order = { run, do: button.dataset.do === "rate" ? "learning_rate" : button.dataset.do };
    if (order.do === "learning_rate") {
      if (!form.reportValidity()) return;
      order.factor = Number(form.elements.factor.value);
    }
    const what = { stop: "Stop", save: "Save", learning_rate: "Learning rate × " + order.factor }[order.do];
    output.textContent = what + ": asked";
    try {
      const answer = await fetch(control, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
      if (answer.ok) pending.set((await answer.json()).id, { run, output, what });
      else output.textContent = what + ": " + await answer.text();
    } catch { output.textContent = what + ": the board doesn't answer"; }
  });
})();
