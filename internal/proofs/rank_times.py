"""Times runs on several ranks over networks of limited speed, fits the model of times that `finetune plan --ranks` has, and tells what it
says of more machines.

    CGO_ENABLED=0 go build -tags mpi ./cmd/finetune
    sudo python3 internal/proofs/rank_times.py ./finetune results.jsonl [char|mini|LoRA|gpt2 ...]

runs what is named (gpt2 takes three minutes, the others about one) and adds what was measured to the file; without a name, it fits the model to all that is
there. Each rank is a process with one thread in a network namespace of its own. A bridge connects them, tbf limits what each sends and receives, and
Open MPI talks TCP. Needs root, Linux, ip, tc and mpirun.openmpi. Where there are more ranks than cores, computing takes as many times longer, which
the model knows. Latency isn't made: kernels without netem have no means; the table assumes 0.1 ms.

A step on n ranks takes, as train/ranktimes.go has it,

    f·s + f·c·(S + Q) + max(sums - 2/3·f·s, last·sums) + max(news - 1/3·f·s·(1 - whole), first·news) + 4·(latency + (n-1)·m)

where s is a step of one process, f ranks on a core, S and Q the bytes that a rank sends for the sums of gradients and for new parameters, sums = S/speed
+ buckets·(latency/4 + (n-1)·m), news likewise, whole the share of the table that is the head too. Fitted are c, the seconds of a core for a byte that is sent and
received, and m, those for a message. It exits with 1 if one of the runs takes more than a half longer than the model says, or less than two thirds of it.
"""
import json, os, random, re, shutil, struct, subprocess, sys, tempfile

FINETUNE = os.path.abspath(sys.argv[1])
CORES = os.cpu_count()
GBIT = 1e9 / 8
RUNS = {  # the flags, and ranks and Gbit/s
    "char": ("pretrain --preset char --max-steps 200".split(), ((2, 10), (2, 1), (4, 10), (8, 10))),
    "mini": ("pretrain --preset mini --max-steps 5".split(), ((2, 10), (2, 1), (4, 10))),
    "LoRA": ("sft --lora-r 8 --batch-size 8 --seq-len 128 --max-steps 6".split(), ((2, 10), (2, 1), (4, 10))),
    "gpt2": ("pretrain --preset gpt2 --batch-size 4 --seq-len 256 --max-steps 4".split(), ((2, 10), (2, 1))),
}
COMMON = "--threads 1 --sample-tokens 0 --eval-steps 0 --save-steps 0 --logging-steps 2 --validation-split 0 --warmup-steps 0 --no-memory-check --profile".split()
work = tempfile.mkdtemp()


def run(*args, **kw):
    try:
        return subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **kw).stderr
    except subprocess.CalledProcessError as e:
        sys.exit(f"{' '.join(args)}: {e.stderr[-2000:]}")


def down(n):
    for i in range(1, n + 1):
        subprocess.run(["ip", "netns", "del", f"m{i}"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", f"v{i}"], stderr=subprocess.DEVNULL)  # which outlives a namespace that a process is still in
    subprocess.run(["ip", "link", "del", "mbr"], stderr=subprocess.DEVNULL)


def up(n, gbit):
    """makes n machines with links of a speed."""
    down(8)
    for c in ("link add mbr type bridge", "link set mbr up", "addr add 10.77.0.254/24 dev mbr"):
        run("ip", *c.split())
    for i in range(1, n + 1):
        for c in (f"netns add m{i}", f"link add v{i} type veth peer name eth0 netns m{i}", f"link set v{i} master mbr up",
                  f"-n m{i} addr add 10.77.0.{i}/24 dev eth0", f"-n m{i} link set eth0 up", f"-n m{i} link set lo up"):
            run("ip", *c.split())
        limit = f"root tbf rate {gbit}gbit burst 256kb latency 50ms".split()
        run("ip", "netns", "exec", f"m{i}", "tc", "qdisc", "add", "dev", "eth0", *limit)
        run("tc", "qdisc", "add", "dev", f"v{i}", *limit)


def launch(n, args):
    agent = os.path.join(work, "agent")
    with open(agent, "w") as f:
        f.write('#!/bin/bash\nh=${1#10.77.0.}; shift\nexec ip netns exec m$h unshare -u sh -c "hostname m$h; $*"\n')
    os.chmod(agent, 0o755)
    hosts = ",".join(f"10.77.0.{i}:1" for i in range(1, n + 1))
    net = "10.77.0.0/24"
    return run("mpirun.openmpi", "--allow-run-as-root", "--bind-to", "none", "--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", net,
        "--mca", "oob_tcp_if_include", net, "-n", str(n), "--host", hosts, FINETUNE, *args, timeout=300)


def seconds(directory, ranks):
    """returns the seconds of the median step, by the speeds that a run has logged."""
    lines = [json.loads(l) for l in open(os.path.join(directory, "metrics.jsonl"))]
    targets = lines[-1]["tokens"] / lines[-1]["step"]
    speeds = sorted(l["tokens_per_second"] for l in lines[1:])
    return targets / speeds[len(speeds) // 2]


def shapes(directory):
    """returns the elements of a model, or of an adapter, and those of the table that is looked up."""
    for name in ("adapter_model.safetensors", "model.safetensors"):
        path = os.path.join(directory, name)
        if os.path.exists(path):
            break
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
    total, rows, table = 0, 0, 0
    for key, t in header.items():
        if key == "__metadata__":
            continue
        n = 1
        for d in t["shape"]:
            n *= d
        total += n
        if key.endswith("wte.weight") or key.endswith("embed_tokens.weight"):
            rows, table = t["shape"][0], n
    return total, rows, table


def step(n, speed, latency, s, model, tokens, c, m, f=1.0):
    """returns the seconds of a step on n ranks."""
    total, rows, table = model
    if n == 1:
        return f * s
    sent = 4 * total * (n - 1) / n  # of each kind
    late = min(rows, n * tokens)
    if late > rows / 4:
        late = rows
    bucket = min(total - table, 1 << 20)
    part = table * late / rows if rows else 0
    edge, whole = (part + bucket) / total, (table - part) / total
    each = sent / speed + max(1, total / (1 << 20)) * (latency / 4 + (n - 1) * m)
    work = f * s + f * c * 2 * sent + 4 * (latency + (n - 1) * m)
    return work + max(each - 2 / 3 * f * s, edge * each) + max(each - f * s / 3 * (1 - whole), edge * each)


def write_data():
    """writes a text and prompts, and returns their paths."""
    random.seed(1)
    words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(60000)]
    path = os.path.join(work, "text.txt")
    with open(path, "w") as f:
        f.write("\n".join(" ".join(words[i:i + 10]) for i in range(0, 60000, 10)) * 2)
    prompts = os.path.join(work, "prompts.jsonl")
    with open(prompts, "w") as f:
        for i in range(0, 20000, 40):
            print(json.dumps({"prompt": " ".join(words[i:i + 10]), "completion": " " + " ".join(words[i + 10:i + 40])}), file=f)
    return path, prompts


def measure(name, text, prompts):
    """times the steps of a run alone and on several ranks, and returns what was measured."""
    flags, cases = RUNS[name]
    flags = [*flags, "--data", prompts if name == "LoRA" else text, *COMMON]
    if name == "LoRA":
        base = os.path.join(work, "base")
        run(FINETUNE, "pretrain", "--preset", "mini", "--max-steps", "1", "--data", text, *COMMON, "--output-dir", base)
        flags += ["--model", base]
    if name == "gpt2":
        vocabulary = os.path.join(work, "vocabulary")
        run(FINETUNE, "tokenizer", "train", "--data", text, "--vocab-size", "50257", "--output-dir", vocabulary)
        flags += ["--tokenizer", vocabulary]
    one = os.path.join(work, name + "-alone")
    run(FINETUNE, *flags, "--output-dir", one)
    last = json.loads(open(os.path.join(one, "metrics.jsonl")).read().splitlines()[-1])
    found = {"name": name, "cores": CORES, "alone": seconds(one, 1), "model": shapes(one), "tokens": last["tokens"] / last["step"], "runs": []}
    print(f"{name}: {found['model'][0]:,} elements are trained, {found['tokens']:.0f} tokens and {found['alone']:.3f} s a step in one process", flush=True)
    for n, gbit in cases:
        up(n, gbit)
        directory = os.path.join(work, f"{name}-{n}-{gbit}")
        try:
            said = launch(n, [*flags, "--output-dir", directory])
        finally:
            down(n)
        found["runs"].append((n, gbit, seconds(directory, n)))
        exchange = re.search(r"exchange of a step.*", said)
        print(f"  {n} ranks, {gbit} Gbit/s: {found['runs'][-1][2]:.3f} s; {exchange.group() if exchange else ''}", flush=True)
    return found


def fit(all):
    """fits the model to all that was measured, and prints what it says."""
    runs = [(one, *r) for one in all for r in one["runs"]]
    predict = lambda r, c, m: step(r[1], r[2] * GBIT, 0, r[0]["alone"], r[0]["model"], r[0]["tokens"], c, m, max(1, r[1] / r[0]["cores"]))
    grid = [(1e-11 * 1.15 ** i, 1e-6 * 1.15 ** j) for i in range(60) for j in range(60)]
    c, m = min(grid, key=lambda cm: sum((predict(r, *cm) / r[3] - 1) ** 2 for r in runs))
    print(f"fitted: {c * 1e9:.3g} ns of a core for each byte, {m * 1e6:.3g} us for each message")
    wrong = 0
    for r in runs:
        said = predict(r, c, m)
        bad = not 1 / 1.5 <= said / r[3] <= 1.5
        wrong += bad
        print(f"{r[0]['name']:5} on {r[1]} ranks of {r[0]['cores']} cores, {r[2]:2} Gbit/s: {r[3]:.3f} s a step, the model says {said:.3f}" + (" <-- off" if bad else ""))
    counts = (2, 8, 32, 128, 512)
    print("efficiency at 0.1 ms, one thread a machine:")
    print(f"{'':6}{'Gbit/s':>7}" + "".join(f"{n:>7}" for n in counts))
    for one in all:
        for gbit in (1, 10):
            parts = [one["alone"] / step(n, gbit * GBIT, 1e-4, one["alone"], one["model"], one["tokens"], c, m) for n in counts]
            print(f"{one['name']:6}{gbit:>7}" + "".join(f"{100 * p:>6.0f}%" for p in parts))
    return wrong


def main():
    results, names = sys.argv[2], sys.argv[3:]
    data = write_data()
    for name in names:
        found = measure(name, *data)
        with open(results, "a") as f:
            f.write(json.dumps(found) + "\n")
    if not names:
        last = {}  # of each name, in the order in which they were measured first
        for line in open(results):
            one = json.loads(line)
            last[one["name"]] = one
        sys.exit(fit(list(last.values())) > 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("namespaces need root")
    try:
        main()
    finally:
        down(8)
        shutil.rmtree(work, ignore_errors=True)
