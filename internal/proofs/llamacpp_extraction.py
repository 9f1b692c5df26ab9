#!/usr/bin/env python3
"""Asks the model of docs/first-model.md through llama.cpp, by the chat template in its file, and counts the answers that are exactly right.

    go run ./examples/extraction -dir extraction
    python internal/proofs/llamacpp_extraction.py MODEL.gguf extraction/test.jsonl [--expected 0.905] [--answers FILE]

Fails where the share is further than 0.02 from what is expected. Needs llama-cpp-python.
"""

import argparse
import json
import pathlib
import sys

import llama_cpp
from llamacpp import version

SYSTEM = "Write the payment as JSON."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("test")
    parser.add_argument("--expected", type=float)
    parser.add_argument("--answers", help="a file for the sentences that are answered wrongly")
    options = parser.parse_args()
    print(version())
    model = llama_cpp.Llama(options.model, n_ctx=1024, n_threads=2, n_threads_batch=2, verbose=False)
    records = [json.loads(line) for line in pathlib.Path(options.test).read_text().splitlines()]
    wrong = []
    for record in records:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": record["text"]}]
        answer = model.create_chat_completion(messages, temperature=0, repeat_penalty=1, max_tokens=96)
        text = answer["choices"][0]["message"]["content"]
        if text.strip() != record["answer"]:
            wrong.append({**record, "got": text})
    share = 1 - len(wrong) / len(records)
    print(f"{len(records) - len(wrong)} of {len(records)} answers are exactly right: {share:.4f}, asked by the template {model.metadata['tokenizer.chat_template'][:60]!r}…")
    if options.answers:
        pathlib.Path(options.answers).write_text("".join(json.dumps(w, ensure_ascii=False) + "\n" for w in wrong))
    if options.expected is not None and abs(share - options.expected) > 0.02:
        sys.exit(f"expected {options.expected} within 0.02")


if __name__ == "__main__":
    main()
