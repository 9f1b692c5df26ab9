#!/usr/bin/env python3
"""Writes goldens.json: templates, their variables, and what transformers' Jinja environment makes of them (null where it raises)."""

import datetime
import json
import os

import transformers.utils.chat_template_utils as ctu


class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 15, 4, 5)


ctu.datetime = Frozen
V = {"s": "  Hello, World\n", "e": "", "n": 7, "f": 2.5, "big": 1e22, "none": None, "yes": True, "l": [3, 1, 2], "m": [{"a": 1, "b": "x"}, {"a": 2, "b": "Y"}, {"a": 1, "c": None}],
     "d": {"z": 1, "a": [True, None, 0.1], "k": {"q": "it's \"so\" <b>"}}, "u": "你好 Ünï"}

SOURCES = """{{ s }}|{{ none }}|{{ yes }}|{{ f }}|{{ big }}|{{ l }}|{{ d }}|{{ missing }}|{{ u }}
{{ d | tojson }}{{ d | tojson(indent=2) }}{{ d | tojson(ensure_ascii=True, sort_keys=True, separators=(',', ':')) }}{{ u | tojson(true) }}{{ [] | tojson }}{{ {} | tojson(indent=1) }}
{{ missing | tojson }}
{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}|{{ s | trim }}|{{ s.split() }}|{{ s.split('l') }}|{{ s.split('l', 1) }}|{{ s.rsplit('l', 1) }}|{{ s.partition(',') }}|{{ s.upper() }}
{{ 'abcabc'.replace('b', 'X', 1) }}|{{ 'abc' | replace('b', 'X') }}|{{ 'a-b'.title() }}|{{ 'hello wORLD' | title }}|{{ 'hELLO' | capitalize }}|{{ u.lower() }}|{{ 'ab'.startswith(('x', 'a')) }}
{{ 'x'.join(['a', 'b']) }}|{{ ['a', 1, none] | join('-') }}|{{ m | join(', ', attribute='a') }}|{{ 'abc' | join('.') }}
{{ 'x'.join(['a', 1]) }}
{{ 1 + 2 * 3 ** 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 7 / 2 }}|{{ 2 ** 0.5 }}|{{ 1.0 * 3 }}|{{ 'a' * 3 }}|{{ [1] * 2 }}|{{ [1] + [2] }}|{{ 'a' ~ 1 ~ none ~ 2.0 }}|{{ -n }}|{{ 6 % 4.5 }}
{{ 1 + 'a' }}
{{ none + 'a' }}
{{ missing + 'a' }}
{{ missing.x }}
{{ none.x }}|{{ none['x'] }}|{{ d.nope }}|{{ d['nope'] }}|{{ l[10] }}|{{ l['x'] }}|{{ s[100] }}
{{ 1 / 0 }}
{{ n < 8 <= 9 }}|{{ 'a' < 'b' }}|{{ 1 == 1.0 }}|{{ true == 1 }}|{{ [1] == [1.0] }}|{{ 'a' in 'cat' }}|{{ 'z' in d }}|{{ 3 in l }}|{{ 9 not in l }}|{{ not 1 }}|{{ 1 and 0 or 'x' }}|{{ none == missing }}
{{ 1 < 'a' }}
{{ 1 in 'a1' }}
{{ 'x' if n > 5 else 'y' }}|{{ 'x' if n > 50 }}|{{ 'x' if n > 50 else 'y' if f else 'z' }}
{{ l[0] }}{{ l[-1] }}{{ l[1:] }}{{ l[::-1] }}{{ u[1] }}{{ u[:2] }}{{ u[-3:] }}{{ s[2:8:2] }}{{ (1, 2)[0] }}{{ (1,) }}{{ () }}{{ {'a': 1, 2: 'b'} }}{{ l[:-1] }}{{ l[5:1:-1] }}
{{ l | sort }}|{{ l | sort(reverse=true) }}|{{ ['b', 'A', 'c'] | sort }}|{{ m | sort(attribute='a') | map(attribute='a') | list }}|{{ d | dictsort }}|{{ ['b', 'a', 'B'] | unique | list }}
{{ l | first }}|{{ l | last }}|{{ l | length }}|{{ u | length }}|{{ d | count }}|{{ l | sum }}|{{ l | max }}|{{ l | min }}|{{ l | reverse | list }}|{{ 'abc' | reverse }}|{{ [] | first }}|{{ l | batch(2) | list }}|{{ l | slice(2) | list }}
{{ m | selectattr('a', 'equalto', 1) | list | length }}|{{ m | rejectattr('b') | list }}|{{ m | selectattr('b', 'defined') | map(attribute='b') | map('lower') | join }}|{{ l | select('odd') | list }}|{{ l | reject('gt', 1) | list }}
{{ none | selectattr('a') | list }}{{ none | map('upper') | list }}{% if [] | select %}generators are true{% endif %}
{{ (m | selectattr('a')) | length }}
{{ none | list }}
{{ m | map(attribute='c', default='D') | list }}|{{ m | groupby('a') | length }}|{% for k, v in m | groupby('a') %}{{ k }}:{{ v | length }} {% endfor %}
{{ '3' | int + 1 }}|{{ 'x' | int }}|{{ 'x' | int(5) }}|{{ '2.7' | int }}|{{ '2.5' | float }}|{{ 2.5 | round }}|{{ 3.14159 | round(2) }}|{{ 2.1 | round(0, 'ceil') }}|{{ -3 | abs }}|{{ n | string ~ 1 }}
{{ missing | default('x') }}|{{ e | default('x') }}|{{ e | default('x', true) }}|{{ none | d('x') }}|{{ none | default('x', boolean=true) }}
{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(width=1, blank=true) }}|{{ 'a b' | wordcount }}|{{ 'a b/ü' | urlencode }}
{{ '<a>' | e }}|{{ '<a>' | safe }}|{{ '<a>' | safe + '<b>' }}|{{ '<a>' | safe ~ '<b>' }}|{{ 'x' | safe | tojson }}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.depth }};{% endfor %}{{ loop }}
{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}{% for x in [] %}{% else %}empty{% endfor %}{% for a, b in d.items() %}{{ a }}={{ b }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}
{% for x in l %}{% if loop.first %}{% set y = x %}{% endif %}[{{ y }}]{% endfor %}{{ y }}
{% set x = 1 %}{% for i in l %}{% set x = i %}{% endfor %}{{ x }}{% if true %}{% set x = 5 %}{% endif %}{{ x }}
{% set ns = namespace(x=0, y='a') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}
{% set d.x = 1 %}
{% set ns = namespace(_x=0) %}
{% set a, b = 1, 'z' %}{{ b }}{{ a }}{% set t = 1, 2 %}{{ t }}{% set c %}  text {{ a }}{% endset %}[{{ c }}]{% set c | trim | upper %}  text {% endset %}[{{ c }}]
{% macro f(a, b='B', c=none) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 2, 3) }}{{ f(b=5, a=4) }}{{ f() }}{{ f | string | length > 0 }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}
{% macro f() %}{{ varargs }}{{ kwargs }}{{ caller() if caller }}{% endmacro %}{{ f(1, x=2) }}{% call f() %}inner{% endcall %}
{% macro f() %}{{ later }}{% endmacro %}{% set later = 'set behind it' %}{{ f() }}
{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}
{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}
{% for x in [[1, [2]], 3] recursive %}{% if x is iterable and x is not string %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}
{{ n is number }}|{{ yes is number }}|{{ yes is integer }}|{{ f is float }}|{{ s is string }}|{{ d is mapping }}|{{ d is sequence }}|{{ s is iterable }}|{{ none is none }}|{{ missing is defined }}|{{ missing is undefined }}|{{ missing is iterable }}
{{ 4 is divisibleby 2 }}|{{ 4 is divisibleby(3) }}|{{ n is odd }}|{{ n is not even }}|{{ 'a' is in ['a'] }}|{{ n is eq 7 }}|{{ n is sameas 7 }}|{{ range is callable }}|{{ true is true }}|{{ 1 is true }}|{{ 'A' is upper }}|{{ none is not string }}
{{ n is nonsense }}
{{ n | nonsense }}
{{ range(3) | list }}{{ range(1, 10, 3) | list }}{{ range(5, 0, -2) | list }}{{ dict(a=1) }}
{{ range(10000000) | list }}
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('|') %}{{ j() }}x{{ j() }}y{{ j() }}
{{ raise_exception('no') }}
{% if false %}{{ raise_exception('no') }}{% endif %}fine
{{ strftime_now('%Y-%m-%d %H:%M:%S %d %B %b %A %a %I %p %j %y %%') }}
{{ l.append(4) }}
{{ d.pop('z') }}
{{ d.update({'a': 1}) }}
{{ d.items() | list }}{{ d.keys() | list }}{{ d.values() | list }}{{ d.get('z') }}{{ d.get('nope') }}{{ d.get('nope', 5) }}
{{ d.k.q }}|{{ d['k']['q'] }}|{{ d.a.0 }}|{{ m[0].b }}|{{ (m | first).a }}|{{ m.0.a }}
{{ '%s-%d-%.2f' % ('a', 3, 1.5) }}|{{ '{} {}'.format('a', 1) }}|{{ '%s' | format('x') }}|{{ '{0}{x}'.format(1, x=2) }}
{{ 'a' 'b' }}|{{ 'tab\\tq\\'uote' }}|{{ "\\u00e9\\x41\\q" }}|{{ 1_000 }}|{{ 1.5e3 }}|{{ [1, 2,] }}|{{ {'a': 1,} }}
  {% if true %}
    text
  {% endif %}
end
  {%- if true -%}
    text
  {%- endif -%}
end
  {%+ if true +%}
text
{%+ endif %} x
a {# comment #} b
{#- c -#}
  d
{% raw %}{{ x }} {% y %}{% endraw %}|{%- raw -%}  {{ z }}  {%- endraw -%}  |
{% generation %}g{{ n }}{% endgeneration %}|{%- generation -%}  h  {%- endgeneration -%}
{% filter upper %}abc{{ s }}{% endfilter %}{% with a=1, b=2 %}{{ a + b }}{% endwith %}{{ a }}
{{ "}}" }}{{ '%}' }}{{ {'a': {'b': 1}}['a']['b'] }}
{% if n == 7 and (f > 2 or none) %}A{% elif true %}B{% else %}C{% endif %}{% if missing %}D{% elif l %}E{% endif %}
{{ l is iterable and l is not mapping }}{{ [l, d] | map('length') | list }}{{ (l | map('string') | list) | join('+') }}
{{ 'İß'.upper() }}{{ 'ÄÖ' | lower }}{{ 'x y'.split(' ', -1) }}{{ ' a  b '.split() }}{{ ' a  b '.split(none, 1) }}{{ 'a\\nb\\r\\nc'.splitlines() }}{{ 'abc'.find('c') }}{{ 'abc'.find('z') }}{{ 'abcb'.count('b') }}
{{ 'abc'.removeprefix('a') }}{{ '5'.zfill(3) }}{{ 'a'.ljust(3) }}|{{ '12'.isdigit() }}{{ 'a1'.isalnum() }}{{ ''.isspace() }}{{ 'Ab'.isupper() }}{{ 'abc'.index('c') }}
{% for x in 'aé你' %}{{ x }}.{% endfor %}{% for x in 5 %}{% endfor %}
{{ x for x in l }}
{% if %}
{{ 'a }}
{% endfor %}
{% for x in l %}
{% unknown %}
{% include 'x' %}
{{ 1 if }}
{{ l[1:2:0] }}
{{ foo() }}
{{ s() }}
{{ (1, 2) + (3,) }}{{ 1 ~ 2 }}{{ [[1, 2], [3]] }}{{ "it's" | list }}{{ ["it's", 'q"', "b'\\""] }}{{ ['\\n\\t\\\\', '\\u200b', 'é'] }}
{{ 0.1 + 0.2 }}|{{ 1e16 }}|{{ 1e15 }}|{{ 1e-5 }}|{{ 123456789.123 }}|{{ 3.0 }}|{{ -0.0 }}|{{ 100000000000000000000.0 }}"""


def main():
    cases = []
    parts = SOURCES.split("\n")
    # The templates of several lines are joined again.
    sources, block = [], None
    for line in parts:
        sources.append(line.replace("\\\\", "\\"))
    sources += ["  {% if true %}\n    text\n  {% endif %}\nend", "  {%- if true -%}\n    text\n  {%- endif -%}\nend", "x\n  {%+ if true +%}\ntext\n  {%+ endif %} x\n", "a {# comment #} b\n{#- c -#}\n  d\n\n", "a\r\nb\r\n",
                "{% set x %}\n  a\n{% endset %}\n{{ x }}\n", "\t{# c #}\n{{ n }}\n{% if n %}{% endif %}\n\n", "{% for x in l -%}\n  {{ x }}\n{%- endfor +%}\nz"]
    for source in sources:
        try:
            text, spans = ctu.render_jinja_template([[{"role": "user", "content": "x"}]], chat_template=source, return_assistant_tokens_mask=True, **V)
            want = text[0]
        except RecursionError:
            want = None
        except Exception:
            want = None
        cases.append({"source": source, "want": want})
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "goldens.json")
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"variables": V, "cases": cases}, f, ensure_ascii=False, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
