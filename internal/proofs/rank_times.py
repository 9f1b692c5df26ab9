"""Times runs on several ranks over networks of limited speed, fits the model of times that `finetune plan --ranks` has, and tells what it
says of more machines.

    CGO_ENABLED=0 go build -tags mpi ./cmd/finetune
    sudo python3 internal/proofs/rank_times.py ./finetune

Each rank is a process with one thread in a network namespace of its own. A bridge connects them, tbf limits what each sends and receives, and Open
MPI talks TCP. Needs root, Linux, ip, tc and mpirun.openmpi. Where there are more ranks than cores, computing takes as many times longer, which the
model knows. Latency isn't made: kernels without netem have no means; the table assumes 0.1 ms.

A step on n ranks takes, as train/ranktimes.go has it,

    f·s + f·c·(S + Q) + max(sums - 2/3·f·s, last·sums) + max(news - 1/3·f·s, first·news) + 4·round

where s is a step of one process, f ranks on a core, S and Q the bytes that a rank sends for the sums of gradients and for new parameters, sums = S/speed
+ buckets·round, news likewise, and round = latency + (n-1)·m. Fitted are c, the seconds of a core for a byte that is sent and received, and m, those
for a message. It exits with 1 if one of the runs takes more than a half longer than the model says, or less than two thirds of it.
"""
import json, os, random, struct, subprocess, sys, tempfile

FINETUNE = os.path.abspath(sys.argv[1])
CORES = os.cpu_count()
GBIT = 1e9 / 8
PRESETS = {  # flags, and tokens of a micro-batch
    "char": ("--preset char --max-steps 120".split(), 12 * 64),
    "mini": ("--preset mini --max-steps 6".split(), None),
    "LoRA": (None, None),
}
COMMON = "--threads 1 --sample-tokens 0 --eval-steps 0 --save-steps 0 --logging-steps 2 --validation-split 0 --warmup-steps 0 --no-memory-check".split()
work = tempfile.mkdtemp()


def run(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)


def down(n):
    for i in range(1, n + 1):
        subprocess.run(["ip", "netns", "del", f"m{i}"], stderr=subprocess.DEVNULL)
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
    run("mpirun.openmpi", "--allow-run-as-root", "--bind-to", "none", "--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", net,
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
    last = ((table * late / rows if rows else 0) + bucket) / total
    first = (table + bucket) / total
    turn = latency + (n - 1) * m
    each = sent / speed + max(1, total / (1 << 20)) * turn
    return f * s + f * c * 2 * sent + max(each - 2 / 3 * f * s, last * each) + max(each - f * s / 3, first * each) + 4 * turn


def main():
    random.seed(1)
    words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(20000)]
    text = os.path.join(work, "text.txt")
    open(text, "w").write("\n".join(" ".join(words[i:i + 10]) for i in range(0, 20000, 10)) * 4)
    runs, alone, models, tokens = [], {}, {}, {}
    for name, (flags, _) in PRESETS.items():
        if flags is None:
            flags = ["sft", "--model", os.path.join(work, "mini-alone"), "--lora-r", "8", "--max-steps", "6"]
        else:
            flags = ["pretrain", *flags]
        flags += ["--data", text, *COMMON]
        one = os.path.join(work, name + "-alone")
        run(FINETUNE, *flags, "--output-dir", one)
        alone[name], models[name] = seconds(one, 1), shapes(one)
        last = json.loads(open(os.path.join(one, "metrics.jsonl")).read().splitlines()[-1])
        tokens[name] = last["tokens"] / last["step"]
        print(f"{name}: {models[name][0]:,} elements are trained, {tokens[name]:.0f} tokens and {alone[name]:.3f} s a step in one process", flush=True)
        for n, gbit in ((2, 10), (2, 1), (4, 10)):
            up(n, gbit)
            directory = os.path.join(work, f"{name}-{n}-{gbit}")
            try:
                launch(n, [*flags, "--output-dir", directory])
            finally:
                down(n)
            runs.append((name, n, gbit, seconds(directory, n)))
    best = None
    predict = lambda r, c, m: step(r[1], r[2] * GBIT, 0, alone[r[0]], models[r[0]], tokens[r[0]], c, m, max(1, r[1] / CORES))
    for i in range(0, 60):
        for j in range(0, 60):
            c, m = 1e-11 * 1.15 ** i, 1e-6 * 1.15 ** j
            error = sum((predict(r, c, m) / r[3] - 1) ** 2 for r in runs)
            if best is None or error < best[0]:
                best = (error, c, m)
    _, c, m = best
    print(f"fitted: {c * 1e9:.3g} ns of a core for each byte, {m * 1e6:.3g} us for each message")
    wrong = 0
    for r in runs:
        said = predict(r, c, m)
        bad = not 1 / 1.5 <= said / r[3] <= 1.5
        wrong += bad
        print(f"{r[0]:5} on {r[1]} ranks of {CORES} cores, {r[2]:2} Gbit/s: {r[3]:.3f} s a step, the model says {said:.3f}" + (" <-- off" if bad else ""))
    # GPT-2 of 124 million isn't run here: by the speed of a core on mini
    models["gpt2"], tokens["gpt2"] = (124_439_808, 50257, 50257 * 768), 4 * 1024
    alone["gpt2"] = alone["mini"] * models["gpt2"][0] * tokens["gpt2"] / (models["mini"][0] * tokens["mini"])
    print("efficiency at 0.1 ms, one thread a machine:")
    print(f"{'':6}{'Gbit/s':>7}" + "".join(f"{n:>7}" for n in (2, 8, 32, 128, 512)))
    for name in ("char", "mini", "gpt2", "LoRA"):
        for gbit in (1, 10):
            part = [alone[name] / step(n, gbit * GBIT, 1e-4, alone[name], models[name], tokens[name], c, m) for n in (2, 8, 32, 128, 512)]
            print(f"{name:6}{gbit:>7}" + "".join(f"{100 * p:>6.0f}%" for p in part))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("namespaces need root")
    try:
        main()
    finally:
        down(8)
