"""Training beside PyTorch on the same processor: steps a second of plain SGD, network by network.

    python benches/training.py [NETWORK ...] [--losscope PATH] [--threads 2] [--seconds 4]

needs torch and a built Losscope (`cargo build --release`; `--losscope` names the program). Both sides train
the digits in batches of 32 and of 256, weights in single precision. Losscope's number is the fastest epoch of
a run as its history has it, PyTorch's the fastest epoch of a plain loop over batches that are already tensors;
neither counts validation. The last column is Losscope's rate over PyTorch's. A sweep of ten runs follows: one
after another beside as many at once as there are cores.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parent.parent
BATCHES = (32, 256)


class Block(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        unit = lambda a, b, size, step: nn.Sequential(
            nn.Conv2d(a, b, size, step, size // 2, bias=False), nn.BatchNorm2d(b)
        )
        self.main = nn.Sequential(unit(before, width, 3, stride), nn.ReLU(), unit(width, width, 3, 1))
        self.skip = nn.Identity() if before == width and stride == 1 else unit(before, width, 1, stride)

    def forward(self, x):
        return F.relu(self.main(x) + self.skip(x))


def resnet20():
    blocks, before = [], 16
    for stage in range(3):
        for block in range(3):
            width, stride = 16 << stage, 2 if stage > 0 and block == 0 else 1
            blocks.append(Block(before, width, stride))
            before = width
    stem = [nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(1, 32, 2, 2)
        self.positions = nn.Parameter(torch.zeros(16, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 128, 0.0, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, nn.LayerNorm(32), enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2) + self.positions
        return self.head(self.blocks(x).mean(1))


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def lenet():
    conv = lambda a, b: [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    full = [nn.Linear(64, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*conv(1, 6), *conv(6, 16), nn.Flatten(), *full)


NETWORKS = {
    "mlp": ("mlp:64-128-64-10", mlp),
    "lenet": ("lenet", lenet),
    "resnet20": ("resnet20", resnet20),
    "transformer": ("transformer:width=32,depth=2,heads=4,patch=2", Transformer),
}


def losscope(program, model, batch, seconds):
    """Samples a second of the fastest epoch."""
    best, epochs = 0.0, 4
    with tempfile.TemporaryDirectory() as folder:
        while True:
            run = Path(folder) / f"run{epochs}"
            command = [program, "train", "-q", "-o", run, f"--model={model}", f"--batch-size={batch}"]
            command += [f"--epochs={epochs}", "--learning-rate=0.01", "--checkpoints=last", "--device=flex"]
            start = time.perf_counter()
            subprocess.run(list(map(str, command)), check=True)
            took = time.perf_counter() - start
            lines = (run / "history.jsonl").read_text().splitlines()
            records = [json.loads(line) for line in lines]
            best = max([best] + [r.get("samples_per_second", 0.0) for r in records])
            if took > seconds / 2:
                return best
            epochs *= 4


def pytorch(make, batch, seconds, x, y):
    """Samples a second of the fastest epoch."""
    torch.manual_seed(0)
    model, best = make(), 0.0
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    model.train()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        order = torch.randperm(len(y))
        start = time.perf_counter()
        for at in range(0, len(y), batch):
            some = order[at : at + batch]
            optimiser.zero_grad()
            F.cross_entropy(model(x[some]), y[some]).backward()
            optimiser.step()
        best = max(best, len(y) / (time.perf_counter() - start))
    return best


def sweep(program):
    """Seconds of ten runs one after another, and at once."""
    took = []
    for parallel in (1, os.cpu_count()):
        with tempfile.TemporaryDirectory() as folder:
            command = [program, "train", "-q", "-o", f"{folder}/sweep", "--model=mlp:64-128-64-10"]
            command += ["--run-seed=0,1,2,3,4,5,6,7,8,9", "--epochs=40", "--checkpoints=last"]
            command += ["--device=flex", f"--parallel={parallel}"]
            start = time.perf_counter()
            subprocess.run(command, check=True)
            took.append(time.perf_counter() - start)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--losscope", default=shutil.which("losscope") or ROOT / "target/release/losscope")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    stored = np.load(ROOT / "tests/fixtures/data/digits.npz")
    x = torch.from_numpy(stored["x_train"]).float().reshape(-1, 1, 8, 8)
    y = torch.from_numpy(stored["y_train"]).long()
    print(f"PyTorch {torch.__version__}, {options.threads} threads; samples a second")
    print(f"{'network':12} {'batch':>5} {'Losscope':>10} {'PyTorch':>10} {'ratio':>6}")
    for name in options.networks:
        model, make = NETWORKS[name]
        for batch in BATCHES:
            own = losscope(options.losscope, model, batch, options.seconds)
            other = pytorch(make, batch, options.seconds, x, y)
            print(f"{name:12} {batch:5} {own:10.0f} {other:10.0f} {own / other:6.2f}", flush=True)
    one, many = sweep(options.losscope)
    print(f"ten runs: {one:.2f} s one after another, {many:.2f} s at once, {one / many:.2f} times as fast")


if __name__ == "__main__":
    main()
