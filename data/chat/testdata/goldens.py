#!/usr/bin/env python3
"""Writes goldens.json: the built-in templates and those below, on the conversations of internal/proofs/chat_templates.py; texts and assistant spans (in bytes) as transformers has them, null where it raises."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "internal", "proofs"))
import chat_templates as proof

# A template of our own that splits reasoning off, as many do: with tags, and without them, so that marks can be compared.
REASONING = """{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == 'assistant' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- else %}
            {%- set reasoning = '' %}
        {%- endif %}
        {{- '<|im_start|>assistant\\n' }}
        {%- generation %}
        {%- if loop.last %}
            {{- '<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' }}
        {%- endif %}
        {{- content.lstrip('\\n') }}
        {%- for call in message.tool_calls or [] %}
            {{- '<tool_call>' + call.function.name + (call.function.arguments | tojson) + '</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
        {%- endgeneration %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

# Templates whose answers begin where their generation prompt ends, each in another way: by [/INST], by a header that is part of a turn of several blocks, and by one that opens a block that answers lack.
STARTS = {
    "brackets": """{%- for message in messages %}
    {%- if message.role == 'user' %}
        {{- '[INST] ' + message.content[0].text + ' [/INST]' }}
    {%- else %}
        {%- generation %}
        {{- ' ' + message.content[0].text + '</s>' }}
        {%- endgeneration %}
        {{- ' ' }}
    {%- endif %}
{%- endfor %}
""",
    "channels": """{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|start|>assistant' }}
        {%- generation %}
        {%- if message.thinking %}
            {{- '<|channel|>analysis<|message|>' + message.thinking + '<|end|><|start|>assistant' }}
        {%- endif %}
        {%- if message.tool_calls %}
            {{- ' to=' + message.tool_calls[0].function.name + '<|message|>' + message.tool_calls[0].function.arguments | tojson + '<|call|>' }}
        {%- else %}
            {{- '<|channel|>final<|message|>' + message.content + ('<|return|>' if loop.last else '<|end|>') }}
        {%- endif %}
        {%- endgeneration %}
    {%- else %}
        {{- '<|start|>' + message.role + '<|message|>' + message.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start|>assistant' }}{%- endif %}
""",
    "opened": """{%- set ns = namespace(tool=false) %}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<returned>' if ns.tool else '<assistant>' }}
        {%- generation %}
        {{- (message.content or '') + (message.tool_calls[0].function.name + message.tool_calls[0].function.arguments | tojson if message.tool_calls else '') + eos_token }}
        {%- endgeneration %}
    {%- else %}
        {{- '<' + message.role + '>' + message.content }}
    {%- endif %}
    {%- set ns.tool = message.role == 'tool' %}
{%- endfor %}
{%- if ns.tool %}{{- '<returned>' }}{%- elif add_generation_prompt %}{{- '<assistant><think>\\n' }}{%- endif %}
""",
}
STARTED = {"brackets": ("parts",)} | dict.fromkeys(("channels", "opened"), ("plain", "system_turns", "space", "call", "numbers", "reasoning"))


def main():
    folder = os.path.join(HERE, "..", "templates")
    templates = {n[:-6]: open(os.path.join(folder, n)).read() for n in sorted(os.listdir(folder))}
    templates["reasoning"] = REASONING
    cases = []
    for name, source in (templates | STARTS).items():
        for key, c in proof.CONVERSATIONS.items():
            if key not in STARTED.get(name, proof.CONVERSATIONS):
                continue
            text, spans = proof.python(source, c)
            if text is None:
                spans = None
            else:
                spans = [[len(text[:a].encode()), len(text[:b].encode())] for a, b in spans]
            cases.append({"template": name, "conversation": key, "text": text, "spans": spans})
    with open(os.path.join(HERE, "goldens.json"), "w", encoding="utf-8") as f:
        f.write('{"tokens": ' + json.dumps(proof.TOKENS) + ',\n"own": ' + json.dumps({"reasoning": REASONING} | STARTS) + ',\n"conversations": {\n')
        f.write(",\n".join(json.dumps(k) + ": " + json.dumps(c, ensure_ascii=False) for k, c in proof.CONVERSATIONS.items()))
        f.write('},\n"cases": [\n' + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
