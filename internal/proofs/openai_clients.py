"""Asks `finetune serve` by OpenAI's official clients.

    python internal/proofs/openai_clients.py BINARY MODEL [NODE_MODULES]

needs `pip install openai`, and `npm install openai` in the folder of NODE_MODULES for the second client. It starts a server with a token on a free port, asks
it in every way that the server knows, and fails where an answer isn't what the client expects.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time

import openai

binary, model = sys.argv[1:3]
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    address = "127.0.0.1:%d" % s.getsockname()[1]
token = "proof-token"
server = subprocess.Popen([binary, "serve", "--model", model, "--name", "proof", "--listen", address], env={**os.environ, "FINETUNE_TOKEN": token})
client = openai.OpenAI(base_url=f"http://{address}/v1", api_key=token, timeout=300)


def refused(kind, **request):
    try:
        client.with_options(max_retries=0).chat.completions.create(**{"model": "proof", "messages": messages, **request})
    except kind as e:
        assert e.body and e.body["message"], e
        return e
    raise AssertionError(f"{request}: expected {kind}")


try:
    for _ in range(600):
        try:
            assert [m.id for m in client.with_options(max_retries=0).models.list()] == ["proof"]
            break
        except openai.APIConnectionError:
            time.sleep(0.1)
    assert client.models.retrieve("proof").owned_by == "local"

    messages = [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "What is the capital of France?"}]
    whole = client.chat.completions.create(model="proof", messages=messages, temperature=0, max_tokens=20)
    text = whole.choices[0].message.content
    assert text and whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, whole
    print("chat       ", repr(text), whole.choices[0].finish_reason)

    stream = client.chat.completions.create(model="proof", messages=messages, temperature=0, max_tokens=20, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text
    assert chunks[-1].usage == whole.usage, (chunks[-1].usage, whole.usage)

    with client.chat.completions.stream(model="proof", messages=messages, temperature=0, max_tokens=20) as events:
        for event in events:
            pass
        assert events.get_final_completion().choices[0].message.content == text

    scored = client.chat.completions.create(model="proof", messages=messages, n=3, seed=7, temperature=1, max_tokens=8, logprobs=True, top_logprobs=2)
    again = client.chat.completions.create(model="proof", messages=messages, n=3, seed=7, temperature=1, max_tokens=8, logprobs=True, top_logprobs=2)
    assert len(scored.choices) == 3 and scored.choices == again.choices
    for c in scored.choices:
        assert all(len(t.top_logprobs) == 2 and t.top_logprobs[0].logprob >= t.logprob for t in c.logprobs.content), c
        assert b"".join(bytes(t.bytes) for t in c.logprobs.content).decode().startswith(c.message.content), c

    done = client.completions.create(model="proof", prompt=["Once upon a time", "The capital of France is"], temperature=0, max_tokens=12, logprobs=1, stop="\n")
    assert [c.index for c in done.choices] == [0, 1] and "Paris" in done.choices[1].text, done
    parts = ["", ""]
    for chunk in client.completions.create(model="proof", prompt=["Once upon a time", "The capital of France is"], temperature=0, max_tokens=12, stop="\n", stream=True):
        parts[chunk.choices[0].index] += chunk.choices[0].text
    assert parts == [c.text for c in done.choices]

    vectors = client.embeddings.create(model="proof", input=["a fox", "a dog"]).data
    plain = client.embeddings.create(model="proof", input=["a fox", "a dog"], encoding_format="float").data
    assert all(abs(a - b) < 1e-6 for v, p in zip(vectors, plain) for a, b in zip(v.embedding, p.embedding))
    assert sum(x * x for x in vectors[0].embedding) > 0  # of length 1 only where the model says so

    tools = [{"type": "function", "function": {"name": "weather", "description": "Tells the weather.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
    called = client.chat.completions.create(model="proof", messages=messages, tools=tools, temperature=0, max_tokens=20).choices[0]
    assert called.finish_reason in ("stop", "length", "tool_calls")

    refused(openai.NotFoundError, model="gpt-4o")
    refused(openai.BadRequestError, temperature=-1)
    refused(openai.BadRequestError, messages=[])
    refused(openai.BadRequestError, response_format={"type": "json_object"})
    assert refused(openai.BadRequestError, max_tokens=100_000).code == "context_length_exceeded"
    try:
        openai.OpenAI(base_url=f"http://{address}/v1", api_key="guess", max_retries=0).models.list()
        raise AssertionError("another token got in")
    except openai.AuthenticationError:
        pass

    async def many():
        c = openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key=token, timeout=600)
        questions = [[{"role": "user", "content": f"Tell me about the number {i}."}] for i in range(32)]
        ask = lambda q: c.chat.completions.create(model="proof", messages=q, temperature=0, max_tokens=12)
        together = await asyncio.gather(*[ask(q) for q in questions])
        alone = [await ask(q) for q in questions[:4]]
        assert [a.choices[0].message.content for a in together[:4]] == [a.choices[0].message.content for a in alone]

    asyncio.run(many())
    print("python      openai", openai.__version__, "is content")

    if len(sys.argv) > 3:
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openai_clients.mjs")
        subprocess.run(["node", script, f"http://{address}/v1", token, sys.argv[3], json.dumps(text)], check=True)
finally:
    server.terminate()
    server.wait(60)
assert server.returncode == 0, server.returncode
