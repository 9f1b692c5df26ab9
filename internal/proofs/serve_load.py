#!/usr/bin/env python3
"""Shows what `finetune serve` does under load: many clients ask for a while, and every answer equals the one that a request gets alone.

    python3 internal/proofs/serve_load.py MODEL [--finetune PATH] [--clients 32] [--seconds 60] [--tokens 32]

First each question is asked by itself, one after the other; then all clients ask at once, each its own questions, again and again. It prints tokens a second
of both, time for prompts included. Needs Go; the clients are plain HTTP.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FORMS = ["What is the capital of {}?", "Tell me a short story about {}.", "Explain {} to a child.", "List three things about {}."]
THINGS = ["France", "a fox", "gravity", "rain", "the moon", "bread", "the sea", "a train"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tokens", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        finetune = options.finetune
        if not finetune:
            finetune = folder + "/finetune"
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        command = [finetune, "serve", "--model", options.model, "--name", "proof", "--listen", "127.0.0.1:0", "--rows", str(options.clients)]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            address = ""
            for line in server.stderr:
                if " at http" in line:
                    address = line.split(" at ")[1].strip()
                    break
            if not address:
                sys.exit("the server doesn't start")
            threading.Thread(target=server.stderr.read, daemon=True).start()
            sys.exit(load(address, options))
        finally:
            server.terminate()
            server.wait()


def load(address, options):
    questions = [form.format(thing) for form, thing in itertools.product(FORMS, THINGS)][: max(options.clients, 1)]

    def ask(question):
        body = {"model": "proof", "temperature": 0, "max_tokens": options.tokens, "messages": [{"role": "user", "content": question}]}
        request = urllib.request.Request(address + "/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=300))
        return answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]

    begin = time.time()
    alone = {question: ask(question) for question in questions}
    lone = sum(tokens for _, tokens in alone.values()) / (time.time() - begin)
    print(f"one after the other: {len(questions)} answers, {lone:.1f} tokens/s", flush=True)
    tokens, answers, different, failed, lock = 0, 0, [], [], threading.Lock()
    begin = time.time()
    last = begin

    def client(i):
        nonlocal tokens, answers, last
        for n in itertools.count(i):
            if time.time() - begin >= options.seconds:
                return
            question = questions[n % len(questions)]
            try:
                text, written = ask(question)
            except (OSError, ValueError) as error:
                with lock:
                    failed.append(f"{question}: {error}")
                return
            with lock:
                tokens, answers, last = tokens + written, answers + 1, time.time()
                if (text, written) != alone[question]:
                    different.append((question, text))

    clients = [threading.Thread(target=client, args=(i,)) for i in range(options.clients)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    together = tokens / (last - begin)
    print(f"{options.clients} clients for {last - begin:.0f} s: {answers} answers, {together:.1f} tokens/s, {together / lone:.2f} times as many; {answers - len(different)} of {answers} equal the lone ones")
    for fault in different[:3] + failed[:3]:
        print("  ", fault)
    return 1 if different or failed or together < 2 * lone else 0


if __name__ == "__main__":
    main()
