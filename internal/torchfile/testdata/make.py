"""Makes files as PyTorch writes them: python make.py (torch 2.15.0)"""

import collections
import pathlib

import torch

HERE = pathlib.Path(__file__).resolve().parent


def main():
    base = torch.arange(24, dtype=torch.float32) / 8 - 1
    state = collections.OrderedDict(
        plain=base.reshape(2, 3, 4),
        transposed=base.reshape(4, 6).t(),
        part=base.reshape(4, 6)[1:3, 2:5],
        scalar=torch.tensor(2.5),
        half=torch.tensor([1.0, -2.0, 2**-24], dtype=torch.float16),
        brain=torch.tensor([1.0, -3.140625], dtype=torch.bfloat16),
        double=torch.tensor([[1 / 3]], dtype=torch.float64),
        parameter=torch.nn.Parameter(torch.ones(2)),
        position_ids=torch.arange(5)[None],
    )
    state["steps"] = 7
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    torch.save(state, HERE / "archive.bin")
    torch.save(state, HERE / "sequence.bin", _use_new_zipfile_serialization=False)
    torch.save({"code": collections.Counter()}, HERE / "foreign.bin")


if __name__ == "__main__":
    main()
