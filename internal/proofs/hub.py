"""Holds finetune's use of Hugging Face's cache to huggingface_hub's: each reads what the other has fetched.

Serves a model directory on loopback as a hub does, and lets both fetch it into caches of their own, then read the other's without a network.

    python internal/proofs/hub.py FINETUNE MODEL_DIR
"""

import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

finetune, model = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LFS = 1 << 20  # bytes from which a file is in LFS
files = {p.name: p for p in sorted(model.iterdir()) if p.is_file()}
requests = []


@functools.cache
def sums(path):
    content = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return len(content), git, hashlib.sha256(content).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        requests.append(f"{self.command} {self.path}")
        path = self.path.split("?")[0]
        if path in (f"/api/models/some/thing/revision/main", "/api/models/some/thing"):
            return self.reply(200, json.dumps({"id": "some/thing", "sha": COMMIT, "siblings": [{"rfilename": n} for n in files]}).encode())
        if path.startswith("/api/models/some/thing/tree/"):
            tree = []
            for name, p in files.items():
                size, git, sha = sums(p)
                entry = {"type": "file", "path": name, "size": size, "oid": git}
                if size >= LFS:
                    entry["lfs"] = {"oid": sha, "size": size, "pointerSize": 134}
                tree.append(entry)
            return self.reply(200, json.dumps(tree).encode())
        for prefix in ("/some/thing/resolve/main/", f"/some/thing/resolve/{COMMIT}/", "/lfs/"):
            if not path.startswith(prefix):
                continue
            p = files.get(path[len(prefix):])
            if p is None:
                return self.reply(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
            size, git, sha = sums(p)
            if prefix != "/lfs/" and size >= LFS:
                return self.reply(302, b"", {"Location": f"http://localhost:{server.server_port}/lfs/{p.name}", "X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{sha}"', "X-Linked-Size": str(size)})
            return self.reply(200, p.read_bytes(), {"ETag": f'"{git}"', "X-Repo-Commit": COMMIT, "Content-Length": str(size)})
        self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"


def run(command, home, offline):
    env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": home, "HF_HUB_OFFLINE": str(int(offline)), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_TOKEN": "hf_x"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def python(code):
    return [sys.executable, "-c", "from huggingface_hub import *\n" + code]


def check(what, ok, said=""):
    print(("ok    " if ok else "FAIL  ") + what)
    if not ok:
        print(said)
        sys.exit(1)


with tempfile.TemporaryDirectory() as scratch:
    ours, theirs, part = (os.path.join(scratch, n) for n in ("ours", "theirs", "part"))
    status, said = run([finetune, "info", "some/thing"], ours, False)
    check("finetune fetches", status == 0, said)
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        status, said = run(python(f"import os; p = hf_hub_download('some/thing', {file!r}); assert os.path.islink(p); print(os.path.getsize(p))"), ours, True)
        check(f"huggingface_hub finds {file} offline", status == 0 and said.strip() == str(files[file].stat().st_size), said)
    status, said = run(python("r, = scan_cache_dir().repos; v, = r.revisions; print(r.repo_id, v.commit_hash, sorted(v.refs), r.size_on_disk, scan_cache_dir().warnings)"), ours, True)
    check("huggingface_hub lists it", status == 0 and f"some/thing {COMMIT} ['main']" in said and said.strip().endswith("[]"), said)
    before = len(requests)
    status, said = run(python("hf_hub_download('some/thing', 'model.safetensors')"), ours, False)
    check("huggingface_hub fetches nothing again", status == 0 and not any(r.startswith("GET") and "model.safetensors" in r for r in requests[before:]), str(requests[before:]))
    status, said = run(python("print(snapshot_download('some/thing', allow_patterns=['config.json', 'tokenizer.json', 'model.safetensors']))"), ours, True)
    check("huggingface_hub opens the snapshot by our list", status == 0 and COMMIT in said, said)

    status, said = run(python("snapshot_download('some/thing')"), theirs, False)
    check("huggingface_hub fetches", status == 0, said)
    status, told = run([finetune, "info", "some/thing"], theirs, True)
    check("finetune reads it offline", status == 0 and "fetched" not in told, told)
    before = len(requests)
    status, said = run([finetune, "info", "some/thing"], theirs, False)
    check("finetune asks for nothing", status == 0 and len(requests) == before, str(requests[before:]))

    status, said = run(python("hf_hub_download('some/thing', 'config.json')"), part, False)
    check("huggingface_hub fetches a file", status == 0, said)
    status, said = run([finetune, "info", "some/thing"], part, True)
    check("finetune says what is missing", status == 1 and "only partly in the cache" in said, said)
    before = len(requests)
    status, said = run([finetune, "info", "some/thing"], part, False)
    check("finetune fetches the rest", status == 0 and not any("config.json" in r and "tokenizer" not in r and "generation" not in r for r in requests[before:]), said + str(requests[before:]))
    blobs = lambda home: sorted((p.name, p.stat().st_size) for p in Path(home, "hub").rglob("blobs/*"))
    check("all caches have the same blobs", blobs(ours) == blobs(part) and set(blobs(ours)) <= set(blobs(theirs)), f"{blobs(ours)}\n{blobs(part)}\n{blobs(theirs)}")
