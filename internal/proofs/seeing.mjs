// Looks at boards, reports and the pages of show in a browser: node seeing.mjs FINETUNE TEXT NODE_MODULES PICTURES [CHROMIUM]
//
// NODE_MODULES is a folder with puppeteer-core and axe-core (npm install puppeteer-core axe-core); pictures of all pages come to the folder PICTURES, at 400 and
// 1,400 pixels, light and dark. Every page must have no errors in its console, no violation that axe finds, and nothing that scrolls sideways. The board must show
// a logged step within two seconds, list a new run, and have the run obey its buttons.
import assert from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [finetune, text, modules, pictures, chromium = "/usr/bin/chromium"] = process.argv.slice(2).map((a, i) => i < 4 ? path.resolve(a) : a);
const load = createRequire(path.join(modules, "x.js"));
const puppeteer = load("puppeteer-core"), axe = fs.readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");
const sleep = ms => new Promise(r => setTimeout(r, ms));
const root = fs.mkdtempSync(path.join(os.tmpdir(), "seeing-"));
fs.mkdirSync(pictures, { recursive: true });
const until = async (what, most, f) => {
  for (const begin = Date.now(); ; await sleep(20)) {
    if (await f()) return Date.now() - begin;
    assert.ok(Date.now() - begin < most, what + ": not within " + most + " ms");
  }
};

const children = [];
process.on("exit", () => { for (const c of children) c.kill("SIGKILL"); });

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"], headless: true });
let pages = 0;
const open = async url => {
  const page = await browser.newPage();
  page.on("console", m => { if (["error", "warn"].includes(m.type())) page.faults.push("console: " + m.text()); });
  page.on("pageerror", e => page.faults.push("error: " + e.message));
  page.on("requestfailed", r => { if (r.response()?.status() !== 204) page.faults.push("not loaded: " + r.url()); }); // 204: nothing is new
  page.faults = [];
  await page.setViewport({ width: 1400, height: 900 });
  await page.goto(url, { waitUntil: "load" });
  return page;
};
// look takes pictures of a page, and checks it with all of its details open.
const look = async (page, name) => {
  for (const width of [400, 1400]) for (const scheme of ["light", "dark"]) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await sleep(600);
    await page.screenshot({ path: path.join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const closed = [...document.querySelectorAll("details:not([open])")];
      for (const d of closed) d.open = true;
      const found = (await axe.run()).violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 150)}`);
      if (document.documentElement.scrollWidth > innerWidth) {
        const inside = e => e && (getComputedStyle(e).overflowX !== "visible" || inside(e.parentElement));
        const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !inside(e.parentElement));
        found.push("scrolls sideways: " + wide.map(e => e.outerHTML.slice(0, 100)).slice(0, 3).join(" "));
      }
      for (const d of closed) d.open = false;
      return found;
    });
    assert.deepEqual([...found, ...page.faults], [], `${name}, ${width} pixels, ${scheme}`);
    pages++;
  }
};

// The board, before there is a run and while one goes on.
const runs = path.join(root, "runs"), dir = path.join(runs, "group", "live");
fs.mkdirSync(runs);
const board = spawn(finetune, ["board", runs]);
children.push(board);
let said = "";
board.stdout.on("data", d => said += d);
board.stderr.on("data", d => said += d);
await until("the board's address", 10000, () => /http:\/\/\S+/.test(said));
const home = await open(said.match(/http:\/\/\S+/)[0]);
const options = ["--data", text, "--n-layer", "2", "--n-head", "2", "--n-embd", "64", "--seq-len", "64", "--batch-size", "8", "--max-steps", "200000", "--eval-steps", "300",
  "--logging-steps", "5", "--log-histograms", "200", "--sample-tokens", "40", "--threads", "1", "--save-steps", "0", "--output-dir", dir];
const run = spawn(finetune, ["pretrain", ...options], { stdio: "ignore" });
children.push(run);
const ended = new Promise(r => run.on("exit", r));
const metrics = path.join(dir, "metrics.jsonl");
await until("the run's first line", 60000, () => fs.existsSync(metrics) && fs.statSync(metrics).size > 0);
console.log("a new run is listed", await until("the list", 2000, () => home.$("#runs a")), "ms after its first line");
await sleep(4000);
await look(home, "board");
await home.click("#runs a");
await home.waitForSelector("figure path");
const shown = () => home.$eval("[data-of=step]", e => Number(e.textContent.split(" of ")[0].replace(/,/g, "")));
const logged = () => { const lines = fs.readFileSync(metrics, "utf8").split("\n"); return JSON.parse(lines[lines.length - 2]).step; };
let worst = 0;
for (let i = 0; i < 8; i++) {
  const step = logged();
  worst = Math.max(worst, await until("a logged step on the page", 2000, async () => await shown() >= step));
  await sleep(300);
}
console.log("a logged step shows after at most", worst, "ms");
await look(home, "live");
const said1 = () => home.$eval("output", e => e.textContent);
for (const [button, what] of [["rate", "Learning rate × 0.5"], ["save", "Save"], ["stop", "Stop"]]) {
  await home.click(`[data-do=${button}]`);
  console.log(`${what}: obeyed and shown after`, await until(what, 8000, async () => await said1() === what + ": done" || await said1() === what + ": the run has ended"), "ms");
}
await ended;
await until("that the run has ended", 4000, async () => await home.$eval("[data-of=state]", e => e.textContent) !== "running");
const events = fs.readFileSync(path.join(dir, "events.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
assert.deepEqual(events.map(e => e.event), ["learning_rate", "save", "stop"]);
assert.ok(fs.existsSync(path.join(dir, `checkpoint-${events[1].step + 1}`)), "the checkpoint that was asked for");
const lines = fs.readFileSync(metrics, "utf8").trim().split("\n").map(JSON.parse), rate = step => lines.find(m => m.step > step)?.learning_rate;
assert.ok(Math.abs(rate(events[0].step) / rate(events[0].step - 10) - 0.5) < 0.01, "the learning rate that was asked for");
assert.deepEqual(home.faults, []);
board.kill();

// The report of that run, and what show makes of its model.
const page = async (name, ...args) => {
  const file = path.join(root, name + ".html");
  const r = spawnSync(finetune, [...args, file], { encoding: "utf8" });
  assert.equal(r.status, 0, r.stderr);
  const p = await open(pathToFileURL(file).href);
  await sleep(500);
  await look(p, name);
  await p.close();
};
await page("report", "report", dir, "--output");
const words = "To be, or not to be: that is the question.";
for (const what of ["attention", "tokens", "lens", "attribution", "map"]) await page(what, "show", what, "--model", dir, words, "--html");
await page("map-tsne", "show", "map", "--model", dir, words, "--method", "tsne", "--html");
const held = path.join(root, "held.txt");
fs.writeFileSync(held, fs.readFileSync(text, "utf8").slice(0, 20000));
await page("landscape", "show", "landscape", "--model", dir, "--data", held, "--points", "7", "--html");
await browser.close();
fs.rmSync(root, { recursive: true });
console.log(`${pages} views of pages: no console errors, no violations found by axe, nothing scrolls sideways`);
process.exit(0);
