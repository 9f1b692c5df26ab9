// Makes the pictures of the README by the commands that stand under them: node pictures.mjs FINETUNE TEXT NODE_MODULES docs/pictures [CHROMIUM]
//
// The commands are read from README.md: what stands under each picture of docs/pictures is run, in a folder of its own in which TEXT is corpus.txt.
import assert from "node:assert";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [finetune, text, modules, pictures] = process.argv.slice(2, 6).map(a => path.resolve(a)), chromium = process.argv[6] ?? "/usr/bin/chromium";
const puppeteer = createRequire(path.join(modules, "x.js"))("puppeteer-core");
const sleep = ms => new Promise(r => setTimeout(r, ms));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "pictures-"));
fs.copyFileSync(text, path.join(dir, "corpus.txt"));

const readme = fs.readFileSync(path.join(pictures, "../../README.md"), "utf8");
const under = name => {
  const found = readme.split(`](docs/pictures/${name})`)[1]?.match(/^\s*\n((?: {4}finetune .*\n)+)/);
  assert.ok(found, `README.md has commands under ${name}`);
  return found[1].trim().split("\n").map(line => line.trim().split(" ").slice(1));
};
const children = [];
process.on("exit", () => { for (const c of children) c.kill("SIGKILL"); });
const start = args => {
  console.log("finetune", ...args);
  const p = spawn(finetune, args, { cwd: dir });
  children.push(p);
  p.said = "";
  p.stdout.on("data", d => p.said += d);
  p.stderr.on("data", d => p.said += d);
  p.ended = new Promise(r => p.on("exit", r));
  return p;
};
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"], headless: true });
const open = async (url, width, height) => {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  await page.goto(url, { waitUntil: "load" });
  await sleep(800);
  return page;
};
const to = name => ({ path: path.join(pictures, name) });

const [train, report] = under("report.png"), [board] = under("board.png");
assert.deepEqual(under("layers.png"), [report]);

// The board, while the run of the first picture goes on.
const run = start(train);
const metrics = path.join(dir, "runs/mine/metrics.jsonl");
while (!fs.existsSync(metrics) || fs.readFileSync(metrics, "utf8").split("\n").length < 20) await sleep(200);
const server = start(board);
while (!/http:\/\/\S+/.test(server.said)) await sleep(50);
const live = await open(server.said.match(/http:\/\/\S+/)[0], 1400, 1000);
await live.click("#runs a");
await live.waitForSelector("figure path");
await sleep(1500);
assert.equal(await live.$eval("[data-of=state]", e => e.textContent), "running");
await live.screenshot(to("board.png"));
server.kill("SIGINT");
await server.ended;
assert.equal(await run.ended, 0, run.said);

const made = start(report);
assert.equal(await made.ended, 0, made.said);
const page = await open(pathToFileURL(path.join(dir, "report.html")).href, 1000, 900);
await page.screenshot(to("report.png"));
await (await page.$("details.group[open]")).screenshot(to("layers.png"));
await browser.close();
fs.rmSync(dir, { recursive: true });
