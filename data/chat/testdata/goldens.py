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


def main():
    folder = os.path.join(HERE, "..", "templates")
    templates = {n[:-6]: open(os.path.join(folder, n)).read() for n in sorted(os.listdir(folder))}
    templates["reasoning"] = REASONING
    cases = []
    for name, source in templates.items():
        for key, c in proof.CONVERSATIONS.items():
            text, spans = proof.python(source, c)
            if text is None:
                spans = None
            else:
                spans = [[len(text[:a].encode()), len(text[:b].encode())] for a, b in spans]
            cases.append({"template": name, "conversation": key, "text": text, "spans": spans})
    with open(os.path.join(HERE, "goldens.json"), "w", encoding="utf-8") as f:
        f.write('{"tokens": ' + json.dumps(proof.TOKENS) + ',\n"reasoning": ' + json.dumps(REASONING) + ',\n"conversations": {\n')
        f.write(",\n".join(json.dumps(k) + ": " + json.dumps(c, ensure_ascii=False) for k, c in proof.CONVERSATIONS.items()))
        f.write('},\n"cases": [\n' + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
