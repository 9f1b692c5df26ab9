"""TensorBoard's own readers on the events of a run that was killed and gone on with.

    python internal/proofs/tensorboard_events.py FINETUNE      (pip install tensorboard safetensors)

Every scalar is compared with metrics.jsonl, the texts with samples.jsonl, the hparams with run.yaml, histograms of
weights with those of the checkpoint before their step, and metrics.csv with metrics.jsonl.
"""
import csv, json, os, signal, struct, subprocess, sys, tempfile, time
import numpy as np
from safetensors.numpy import load_file
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2

finetune = os.path.abspath(sys.argv[1])
root = tempfile.mkdtemp()
run = os.path.join(root, "run")
corpus = os.path.join(root, "corpus.txt")
with open(corpus, "w") as f:
    f.write("".join(f"{i} bottles of beer on the wall, take one down, {i - 1} left.\n" for i in range(5000, 0, -1)))
options = ["--data", corpus, "--n-layer", "2", "--n-head", "2", "--n-embd", "32", "--seq-len", "32", "--batch-size", "4", "--max-steps", "1200",
           "--logging-steps", "1", "--eval-steps", "100", "--save-steps", "250", "--sample-tokens", "20", "--log-histograms", "1001",
           "--report-to", "tensorboard,csv", "--threads", "1", "--output-dir", run]
p = subprocess.Popen([finetune, "pretrain", *options], stderr=subprocess.DEVNULL)
deadline = time.time() + 60
while time.time() < deadline:
    lines = open(os.path.join(run, "metrics.jsonl")).read().count("\n") if os.path.exists(os.path.join(run, "metrics.jsonl")) else 0
    if lines > 400:
        break
    time.sleep(0.01)
p.send_signal(signal.SIGKILL)
p.wait()
killed = lines
subprocess.run([finetune, "resume", run], check=True, stderr=subprocess.DEVNULL)

metrics = [json.loads(l) for l in open(os.path.join(run, "metrics.jsonl"))]
samples = [json.loads(l) for l in open(os.path.join(run, "samples.jsonl"))]
acc = event_accumulator.EventAccumulator(run, size_guidance={k: 0 for k in ("scalars", "tensors", "histograms", "compressedHistograms", "images", "audio")})
acc.Reload()
single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
compared = 0
for key in sorted({k for m in metrics for k in m} - {"step"}):
    tag = "eval/" + key[5:] if key.startswith("eval_") else "train/" + key
    want = [(m["step"], single(m[key])) for m in metrics if key in m]
    got = [(e.step, e.value) for e in acc.Scalars(tag)]
    assert got == want, (tag, len(got), len(want), [x for x in zip(got, want) if x[0] != x[1]][:3])
    compared += len(want)
print(f"scalars: {compared} of {len(acc.Tags()['scalars'])} tags equal; killed after step {killed}, each step once")

shown = plugin_event_accumulator.EventAccumulator(run, tensor_size_guidance={"samples/text_summary": 0})  # what the pages are made from
shown.Reload()
texts = [(e.step, e.tensor_proto.string_val[0].decode()) for e in shown.Tensors("samples/text_summary")]
assert texts == [(s["step"], "    " + s["text"].replace("\n", "\n    ")) for s in samples], "samples"
assert acc.SummaryMetadata("args/text_summary").plugin_data.plugin_name == "text"
print(f"texts: {len(texts)} samples and args")

content = acc.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
assert start.hparams["n_layer"].number_value == 2 and start.hparams["preset"].string_value == "char", start
assert len(start.hparams) > 20
print(f"hparams: {len(start.hparams)}")


weights = load_file(os.path.join(run, "checkpoint-1000", "model.safetensors"))
elements = 0
for name, w in weights.items():
    h = next(e.histogram_value for e in acc.Histograms("weights/" + name) if e.step == 1001)
    w = w.reshape(-1).astype(np.float64)
    assert h.num == w.size and h.min == w.min() and h.max == w.max() and abs(h.sum - w.sum()) <= 1e-9 * np.abs(w).sum(), name
    for limit, below in zip(h.bucket_limit, np.cumsum(h.bucket)):
        assert (w < limit).sum() <= below <= (w <= limit).sum(), (name, limit)
    elements += w.size
print(f"histograms: {len(weights)} of weights, {elements} elements, each in its bucket; {len(acc.Tags()['histograms'])} tags")

with open(os.path.join(run, "metrics.csv"), newline="") as f:
    rows = list(csv.DictReader(f))
assert [{k: float(v) for k, v in r.items() if v != ""} for r in rows] == [{k: float(v) for k, v in m.items()} for m in metrics], "csv"
print(f"csv: {len(rows)} lines equal")
