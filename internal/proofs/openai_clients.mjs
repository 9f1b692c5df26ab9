// Asks a server by npm's openai; openai_clients.py starts it: node openai_clients.mjs URL TOKEN NODE_MODULES EXPECTED
import assert from "node:assert";
import { createRequire } from "node:module";
import path from "node:path";

const [url, token, modules, expected] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "x.js"));
const OpenAI = load("openai").OpenAI;
const client = new OpenAI({ baseURL: url, apiKey: token, timeout: 300_000 });
const messages = [{ role: "system", content: "Answer in one word." }, { role: "user", content: "What is the capital of France?" }];
const text = JSON.parse(expected);

const names = [];
for await (const m of client.models.list()) names.push(m.id);
assert.deepEqual(names, ["proof"]);

const whole = await client.chat.completions.create({ model: "proof", messages, temperature: 0, max_tokens: 20 });
assert.equal(whole.choices[0].message.content, text);

let joined = "", usage = null;
for await (const chunk of await client.chat.completions.create({ model: "proof", messages, temperature: 0, max_tokens: 20, stream: true, stream_options: { include_usage: true } })) {
  joined += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(joined, text);
assert.deepEqual(usage, whole.usage);

const final = await client.chat.completions.stream({ model: "proof", messages, temperature: 0, max_tokens: 20 }).finalChatCompletion();
assert.equal(final.choices[0].message.content, text);

const done = await client.completions.create({ model: "proof", prompt: "The capital of France is", temperature: 0, max_tokens: 8 });
assert.match(done.choices[0].text, /Paris/);

const vector = (await client.embeddings.create({ model: "proof", input: "a fox" })).data[0].embedding;
assert.ok(vector.reduce((s, x) => s + x * x, 0) > 0);

await assert.rejects(client.chat.completions.create({ model: "other", messages }), OpenAI.NotFoundError);
await assert.rejects(client.chat.completions.create({ model: "proof", messages, n: 1000 }), OpenAI.BadRequestError);
await assert.rejects(new OpenAI({ baseURL: url, apiKey: "guess", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);

const cut = new AbortController();
const long = await client.chat.completions.create({ model: "proof", messages, max_tokens: 500, stream: true }, { signal: cut.signal });
for await (const _ of long) { cut.abort(); break; }
console.log("node        openai is content");
