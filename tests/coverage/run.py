"""Exports the networks of `networks.py`, has Losscope read each, and compares outputs with PyTorch's.

    cargo test --release --test imports --no-run        prints the path of the test binary
    python run.py BINARY [NAME ...]                     needs torch, torchvision, timm and transformers; an hour or so

Weights are random, with running statistics and scales as training leaves them, inputs are random, and both sides
compute in float32. A network passes where no output is off by more than 1e-4 of the largest. `table.md` beside this
file is written anew; with names, only their rows are. Not part of the continuous checks: it downloads nothing, but
takes gigabytes of packages and an hour.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from networks import NETWORKS, family

HERE = Path(__file__).resolve().parent
TOLERANCE = 1e-4
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
warnings.filterwarnings("ignore")


def lively(net):
    """Running statistics, biases and scales that aren't 0 and 1; nothing that starts at 0 stays there."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, tensor in list(net.named_parameters()) + list(net.named_buffers()):
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_mean"):
                tensor.copy_(0.1 * noise)
            elif name.endswith("running_var"):
                tensor.copy_(0.75 + 0.5 * torch.rand(tensor.shape, generator=generator))
            elif isinstance(tensor, torch.nn.Parameter) and (tensor.ndim < 2 or float(tensor.std()) < 1e-4):
                tensor.add_(0.05 * noise)


def compare(name, binary, folder):
    torch.manual_seed(1)
    net, x = NETWORKS[name]()
    net.eval()
    lively(net)
    start = time.time()
    with torch.no_grad():
        outputs = net(x)
        program = torch.export.export(net, (x,), strict=False)
        path, case = folder / "case.pt2", folder / "case.npz"
        torch.export.save(program, path)
    exported = time.time() - start
    np.savez(case, x=x.numpy(), outputs=outputs.numpy())
    parameters = sum(p.numel() for p in net.parameters())
    del net, program
    environment = {**os.environ, "LOSSCOPE_PROBE": str(folder)}
    run = subprocess.run([binary, "--ignored", "--nocapture", "--exact", "probe::probe"], env=environment,
                         capture_output=True, text=True, timeout=1800)
    found = re.search(r"off (\S+) layers (\d+) read (\S+) ran (\S+)", run.stdout)
    if not found:
        text = re.search(r"refused: (.*)", run.stdout) or re.search(r"panicked at.*\n(.*)", run.stdout + run.stderr)
        words = text.group(1) if text else (run.stdout + run.stderr)[-300:]
        words = re.sub(r": /\S+$", "", words).replace("|", "/")
        return dict(parameters=parameters, exported=exported, off=None, words=words[:300])
    off, layers, read, ran = found.groups()
    return dict(parameters=parameters, exported=exported, off=float(off), layers=int(layers), read=float(read),
                ran=float(ran))


def table(results):
    lines = [f"# Networks read from exported programs", "",
             f"Written by `run.py` with PyTorch {torch.__version__.split('+')[0]}. Outputs are compared in float32 on"
             f" two random inputs; *off* is the largest difference over the largest output, at most {TOLERANCE:.0e} to"
             " pass. Seconds are those of one busy core.", ""]
    passed = lambda r: r.get("off") is not None and r["off"] <= TOLERANCE
    families = {}
    for name in NETWORKS:
        if name in results:
            families.setdefault(family(name), []).append(name)
    lines += ["| family | networks | pass |", "|---|---|---|"]
    for own, names in families.items():
        lines.append(f"| {own} | {len(names)} | {sum(passed(results[n]) for n in names)} |")
    lines += ["", "| network | parameters | layers | off | read (s) | two samples (s) |", "|---|---|---|---|---|---|"]
    for own, names in families.items():
        for name in names:
            r = results[name]
            if r.get("off") is None:
                lines.append(f"| {name} | {r['parameters']:,} | – | {r['words']} | – | – |")
            else:
                mark = "" if passed(r) else " **too much**"
                lines.append(f"| {name} | {r['parameters']:,} | {r['layers']} | {r['off']:.1e}{mark} |"
                             f" {r['read']:.2f} | {r['ran']:.1f} |")
    return "\n".join(lines) + "\n"


def main():
    binary, wanted = sys.argv[1], sys.argv[2:]
    kept = Path(os.environ.get("COVERAGE_RESULTS", HERE / "results.json"))
    results = json.loads(kept.read_text()) if kept.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted or NETWORKS:
            try:
                results[name] = compare(name, binary, Path(folder))
            except Exception as error:
                results[name] = dict(parameters=0, exported=0, off=None,
                                     words=f"not exported: {type(error).__name__}: {str(error)[:160]}".replace("\n", " "))
            print(name, {k: v for k, v in results[name].items() if k != "parameters"}, flush=True)
            kept.write_text(json.dumps(results, indent=1))
            (HERE / "table.md").write_text(table(results))


if __name__ == "__main__":
    main()
