// Opens a report in a browser and uses it: node big_report.mjs REPORT.html NODE_MODULES [CHROMIUM]
//
// It tells when the first chart is painted and how long frames take while charts are read off and zoomed, in milliseconds: a frame that takes more than 100 is
// seen as a stutter.
import assert from "node:assert";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [file, modules, chromium = "/usr/bin/chromium"] = process.argv.slice(2);
const puppeteer = createRequire(path.join(path.resolve(modules), "x.js"))("puppeteer-core");
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"], headless: true });
const page = await browser.newPage();
await page.setViewport({ width: 1400, height: 900 });
await page.evaluateOnNewDocument(() => {
  window.long = [];
  new PerformanceObserver(list => { for (const e of list.getEntries()) window.long.push(Math.round(e.duration)); }).observe({ type: "longtask", buffered: true });
});
const begin = Date.now();
await page.goto(pathToFileURL(path.resolve(file)).href, { waitUntil: "load", timeout: 60000 });
const loaded = Date.now() - begin;
await page.waitForSelector("figure path");
const drawn = Date.now() - begin;
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
await new Promise(r => setTimeout(r, 3000)); // charts that aren't on the screen are drawn when there is nothing else to do
const opening = await page.evaluate(() => window.long.splice(0));
console.log(`opened: first paint after ${Math.round(paint)} ms, loaded after ${loaded}, first chart after ${drawn}; tasks above 50 ms: ${opening.join(", ") || "none"}`);

// frames calls what is done, and returns how long each frame took meanwhile.
const frames = async (what, act) => {
  await page.evaluate(() => {
    window.taken = [];
    window.watching = true;
    let last = performance.now();
    const next = now => { window.taken.push(now - last); last = now; if (window.watching) requestAnimationFrame(next); };
    requestAnimationFrame(now => { last = now; requestAnimationFrame(next); });
  });
  await act();
  const all = (await page.evaluate(() => { window.watching = false; return window.taken; })).sort((a, b) => a - b);
  const middle = all[Math.floor(all.length / 2)], worst = all[all.length - 1];
  console.log(`${what}: ${all.length} frames, median ${middle.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`);
  return worst;
};
const box = await (await page.$(".plot")).boundingBox();
const worst = [
  await frames("reading off by the pointer", async () => { for (let x = 60; x < box.width - 10; x += 8) await page.mouse.move(box.x + x, box.y + 100); }),
  await frames("zooming by dragging, and back", async () => {
    for (let i = 0; i < 5; i++) {
      await page.mouse.move(box.x + 200, box.y + 100);
      await page.mouse.down();
      await page.mouse.move(box.x + 200 + 150 * (i + 1) / 2, box.y + 100, { steps: 10 });
      await page.mouse.up();
      await new Promise(r => setTimeout(r, 100));
    }
    await page.click("#whole");
    await new Promise(r => setTimeout(r, 200));
  }),
  await frames("zooming by keys", async () => {
    await page.focus(".plot");
    for (const key of ["+", "+", "+", "ArrowRight", "ArrowRight", "-", "-", "-", "0"]) { await page.keyboard.press(key); await new Promise(r => setTimeout(r, 60)); }
  }),
  await frames("scrolling through the page", async () => { for (let y = 0; y < 40; y++) { await page.mouse.wheel({ deltaY: 150 }); await new Promise(r => setTimeout(r, 16)); } }),
];
await browser.close();
assert.ok(Math.max(...worst) < 100, "a frame took " + Math.max(...worst) + " ms");
