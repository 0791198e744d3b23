"""How time and memory grow with the number of points, of samples, with depth and with width.

    python benches/growth.py [--losscope PROGRAM] [--picture growth.png]

needs numpy and safetensors, and matplotlib for the picture. For each of the four it makes a small
convolutional network or data set of several sizes, computes a surface with `losscope surface` and
prints the processor seconds and the peak of the resident memory of the whole process beside the size,
and the exponent of the growth between neighbouring sizes: 1 where twice the size takes twice as much.
Weights are random and samples are noise, for neither time nor memory depends on them.
"""
import argparse
import multiprocessing
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

BASE = {"points": 5, "samples": 2048, "depth": 6, "width": 16}
SIZES = {
    "points": (5, 9, 15, 27),  # a side
    "samples": (1024, 4096, 16384, 65536),
    "depth": (3, 6, 12, 24, 48),
    "width": (8, 16, 32, 64, 128),
}
SIDE = 8


def network(folder, depth, width):
    """Convolutions of 3×3 with ReLU between them, a mean and a linear layer."""
    rng = np.random.default_rng(0)
    text = [f'name = "{depth} convolutions of width {width}"', f"input = [1, {SIDE}, {SIDE}]",
            '[loss]', 'kind = "cross-entropy"']
    tensors, channels = {}, 1
    for layer in range(depth):
        name = f"conv{layer}"
        shape = (width, channels, 3, 3)
        tensors[f"{name}.weight"] = rng.normal(0, (2 / (9 * channels)) ** 0.5, shape).astype("f4")
        tensors[f"{name}.bias"] = np.zeros(width, "f4")
        text += ["[[layer]]", f'name = "{name}"', 'kind = "conv"', f'weight = "{name}.weight"',
                 f'bias = "{name}.bias"', "stride = [1, 1]", "padding = [1, 1]", "dilation = [1, 1]", "groups = 1",
                 "[[layer]]", f'name = "relu{layer}"', 'kind = "relu"']
        channels = width
    tensors["head.weight"] = rng.normal(0, width ** -0.5, (10, width)).astype("f4")
    tensors["head.bias"] = np.zeros(10, "f4")
    text += ["[[layer]]", 'name = "mean"', 'kind = "global-average-pool"',
             "[[layer]]", 'name = "head"', 'kind = "linear"', 'weight = "head.weight"', 'bias = "head.bias"']
    (folder / "model.toml").write_text("\n".join(text) + "\n")
    save_file(tensors, str(folder / "model.safetensors"))


def data(folder, samples):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(samples, 1, SIDE, SIDE)).astype("f4")
    np.savez(folder / "data.npz", x_train=x, y_train=rng.integers(0, 10, samples),
             x_test=x[:10], y_test=np.arange(10))


def make(folder, at):
    network(folder, at["depth"], at["width"])
    data(folder, at["samples"])


def measured(program, folder, side):
    """Processor seconds and peak resident bytes of one surface."""
    axis = f"-1:1:{side}"
    command = [program, "surface", "--at", folder / "model.safetensors", "--model", folder / "model.toml",
               "--data", folder / "data.npz", "--device", "flex", "--x", axis, "--y", axis,
               "-o", folder / f"surface{side}.npz", "--quiet"]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE)
    words = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(map(str, command))}\n{words}")
    (folder / f"surface{side}.npz").unlink()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losscope", default="losscope")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    found = {}
    for what, sizes in SIZES.items():
        print(f"{what:>8}  seconds  growth     MB  growth", flush=True)
        rows = []
        for size in sizes:
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                at = {**BASE, what: size}
                # A process begins with the memory of the one that starts it, so this one stays small.
                maker = multiprocessing.Process(target=make, args=(folder, at))
                maker.start()
                maker.join()
                number = size**2 if what == "points" else size
                rows.append((number, *measured(options.losscope, folder, at["points"])))
            def growth(column):
                if len(rows) < 2:
                    return "      "
                before, now = rows[-2], rows[-1]
                return f"{np.log(now[column] / before[column]) / np.log(now[0] / before[0]):6.2f}"
            number, seconds, memory = rows[-1]
            print(f"{number:8}  {seconds:7.2f}  {growth(1)}  {memory / 1e6:5.0f}  {growth(2)}", flush=True)
        found[what] = rows
    if options.picture:
        draw(found, options.picture)


def draw(found, path):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(2, len(found), figsize=(3 * len(found), 5), sharex="col", sharey="row")
    for column, (what, rows) in zip(axes.T, found.items()):
        numbers, seconds, memory = np.array(rows).T
        column[0].loglog(numbers, seconds, "o-")
        column[1].loglog(numbers, memory / 1e6, "o-")
        column[1].set_xlabel(what)
    axes[0, 0].set_ylabel("processor seconds")
    axes[1, 0].set_ylabel("peak memory in MB")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
