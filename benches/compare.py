"""Losscope beside PyTorch at the same work on the same processor, network by network.

    python benches/compare.py [NETWORK ...] [--side both|losscope|pytorch]
                              [--save FILE] [--with FILE] [--threads 2]

needs torch, numpy and safetensors, and cargo for Losscope's side (`benches/compare.rs`). For each
network it prints seconds and rates of

* surface: one point of a surface, loss and accuracy over all samples,
* gradient: of the mean loss over all samples,
* product: the Hessian of the mean loss times a vector, at a point where others were taken before,
* norms: the squared length of every sample's own gradient,

for Losscope and for PyTorch at its best, which is the fastest of plain loops over batches,
`torch.func`, channels-last tensors and `torch.compile`, each at several batch sizes; compiling isn't
timed. Single precision throughout. Both sides of a network are measured within the same minutes; a
pass that takes long is timed on a part of the samples. `--save` keeps all numbers as JSON, `--with`
takes the side that isn't measured from such a file.

GFLOP/s counts the multiplications and additions of one forward pass and takes 1, 3, 6 and 3 such
passes for the four kinds of work, whatever a program really did; beside it stands the share of the
rate at which PyTorch multiplies two large matrices here.
"""
import argparse
import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
sys.path.insert(0, str(FIXTURES / "networks"))
import definitions as d

PASSES = {"surface": 1, "gradient": 3, "product": 6, "norms": 3}
BATCHES = (64, 256, 1437)
LARGEST = 6e10  # operations of one call's way forward; more takes gigabytes and is never faster
LONGEST = 1.5  # seconds of one timed pass; longer ones take a part of the samples
TRIAL, FINAL = 0.3, 2.5  # seconds for each way, and for the best three once more
FEWEST, PATIENCE = 8, 4  # passes at least, unless they take this many times the seconds
COMPILING = 150  # seconds after which a compilation is given up


def digits():
    stored = np.load(FIXTURES / "data" / "digits.npz")
    return torch.from_numpy(stored["x_train"]), torch.from_numpy(stored["y_train"]).long()


def images(count):
    """Noise in CIFAR-10's shape: a time doesn't depend on what is seen."""
    return torch.randn(count, 3, 32, 32), torch.randint(0, 10, (count,))


NETWORKS = {
    "mlp": lambda: (d.dense((64, 128, 64, 10), nn.ReLU, flat=False), digits),
    "lenet": lambda: (d.lenet(), digits),
    "vgg": lambda: (d.vgg(), digits),
    "resnet20": lambda: (d.resnet((1, 8, 8), (8, 16, 32), 3), digits),
    "resnet20-wide": lambda: (d.resnet((3, 32, 32), (16, 32, 64), 3), lambda: images(2048)),
    "transformer": lambda: (d.image_transformer((1, 8, 8), 2, 32, 4, 64, 2), digits),
    "depthwise": lambda: (d.depthwise((1, 8, 8), 16, ((32, 16, 1), (64, 24, 2), (96, 32, 2)), 64), digits),
    "group-norm": lambda: (d.resnet((1, 8, 8), (8, 16, 32), 3, lambda width: nn.GroupNorm(4, width)), digits),
}


# ------------------------------------------------------------------------ clocks

def clock(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def seconds(run, samples, batch, budget):
    """Of one pass over all samples: the fastest within the budget. `run` takes a number of samples."""
    batch = min(batch, samples)
    run(batch)
    each = clock(lambda: run(batch)) / batch
    count = samples if each * samples <= LONGEST else max(1, int(LONGEST / each / batch)) * batch
    best, spent, passes = np.inf, 0.0, 0
    while spent < budget or passes < FEWEST and spent < PATIENCE * budget:
        spent += (now := clock(lambda: run(count)))
        best, passes = min(best, now), passes + 1
    return best * samples / count


def matmul_rate(size=1024):
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / min(clock(lambda: a @ b) for _ in range(40))


# ------------------------------------------------------------------------ PyTorch's ways

class Pytorch:
    """One network in single precision, its tensors views of one flat vector."""

    def __init__(self, network, x, y, channels_last):
        self.module = copy.deepcopy(network.module).eval()
        self.x = x.contiguous(memory_format=torch.channels_last) if channels_last and x.dim() == 4 else x
        self.binary = network.loss["kind"] == "binary-cross-entropy"
        self.y = (y >= network.loss["positive_from"]).float() if self.binary else y
        self.names, self.tensors = zip(*self.module.named_parameters())
        self.flat = torch.cat([t.detach().permute(self.order(t, channels_last)).reshape(-1) for t in self.tensors])
        offset = 0
        for t in self.tensors:
            order = self.order(t, channels_last)
            part = self.flat[offset:offset + t.numel()].view([t.shape[i] for i in order])
            t.data = part.permute([order.index(i) for i in range(t.dim())])
            offset += t.numel()
        self.origin = self.flat.clone()
        self.delta, self.eta = (0.01 * torch.randn_like(self.flat) for _ in range(2))
        self.plain = {name: t.detach().clone() for name, t in zip(self.names, self.tensors)}
        self.vector = {name: torch.randn_like(t) for name, t in self.plain.items()}

    @staticmethod
    def order(tensor, channels_last):
        return [0, 2, 3, 1] if channels_last and tensor.dim() == 4 else list(range(tensor.dim()))

    def chunks(self, count, batch):
        return [(self.x[i:min(i + batch, count)], self.y[i:min(i + batch, count)]) for i in range(0, count, batch)]

    def criterion(self, outputs, y):
        if self.binary:
            return F.binary_cross_entropy_with_logits(outputs[:, 0], y, reduction="sum")
        return F.cross_entropy(outputs, y, reduction="sum")

    def right(self, outputs, y):
        return ((outputs[:, 0] > 0) == (y > 0.5)).sum() if self.binary else (outputs.argmax(1) == y).sum()

    def functional(self, tensors, x, y):
        return self.criterion(torch.func.functional_call(self.module, tensors, (x,)), y)

    # Each way takes a batch size and gives a function of the number of samples. `compiled` is
    # torch.compile or nothing.

    def loop(self, batch, compiled):
        def batch_metrics(x, y):
            outputs = self.module(x)
            return self.criterion(outputs, y), self.right(outputs, y)
        metrics = compiled(batch_metrics)

        def run(count):
            with torch.inference_mode():
                torch.add(self.origin, self.delta, alpha=0.3, out=self.flat).add_(self.eta, alpha=-0.2)
                sums = [metrics(x, y) for x, y in self.chunks(count, batch)]
                return [float(sum(part)) for part in zip(*sums)]
        return run

    def many_points(self, together):
        """`torch.func.vmap` over the weights of many points; the time of one of them."""
        def way(batch, compiled):
            def one(tensors, x, y):
                outputs = torch.func.functional_call(self.module, tensors, (x,))
                return self.criterion(outputs, y), self.right(outputs, y)
            metrics = compiled(torch.func.vmap(one, in_dims=(0, None, None)))
            stack = lambda t: t[None] + 0.01 * torch.arange(together).view(-1, *[1] * t.dim()) * t

            def run(count):
                with torch.inference_mode():
                    tensors = {name: stack(t) for name, t in self.plain.items()}
                    sums = [metrics(tensors, x, y) for x, y in self.chunks(count, batch)]
                    return [sum(part).tolist() for part in zip(*sums)]
            return run
        way.share = together
        return way

    def gradient(self, batch, compiled):
        loss = compiled(lambda x, y: self.criterion(self.module(x), y))

        def run(count):
            total = None
            for x, y in self.chunks(count, batch):
                parts = torch.autograd.grad(loss(x, y), self.tensors)
                total = parts if total is None else torch._foreach_add(total, parts)
            return total
        return run

    def new_graph(self, batch, compiled):
        vector = list(self.vector.values())

        def run(count):
            total = None
            for x, y in self.chunks(count, batch):
                gradient = torch.autograd.grad(self.criterion(self.module(x), y), self.tensors, create_graph=True)
                parts = torch.autograd.grad(gradient, self.tensors, vector)
                total = parts if total is None else torch._foreach_add(total, parts)
            return total
        return run

    def retained_graph(self, batch, compiled):
        """The graphs of all gradients stay in memory, so that a product is one way back."""
        vector, graphs = list(self.vector.values()), []

        def run(count):
            total = None
            for index, (x, y) in enumerate(self.chunks(count, batch)):
                if index == len(graphs):
                    loss = self.criterion(self.module(x), y)
                    graphs.append(torch.autograd.grad(loss, self.tensors, create_graph=True))
                parts = torch.autograd.grad(graphs[index], self.tensors, vector, retain_graph=True)
                total = parts if total is None else torch._foreach_add(total, parts)
            return total
        return run

    def forward_over_reverse(self, batch, compiled):
        def product(tensors, vector, x, y):
            slope = torch.func.grad(lambda t: self.functional(t, x, y))
            return list(torch.func.jvp(slope, (tensors,), (vector,))[1].values())
        product = compiled(product)

        def run(count):
            total = None
            with torch.no_grad():
                for x, y in self.chunks(count, batch):
                    parts = product(self.plain, self.vector, x, y)
                    total = parts if total is None else torch._foreach_add(total, parts)
            return total
        return run

    def per_sample(self, batch, compiled):
        slope = torch.func.grad(lambda t, x, y: self.functional(t, x[None], y[None]))
        slopes = torch.func.vmap(slope, in_dims=(None, 0, 0))
        squares = compiled(lambda t, x, y: sum(g.flatten(1).square().sum(1) for g in slopes(t, x, y).values()))

        def run(count):
            with torch.no_grad():
                return [squares(self.plain, x, y) for x, y in self.chunks(count, batch)]
        return run

    # Kind of work → name → way, and whether torch.compile may be tried on it.
    WAYS = {
        "surface": {"loop": (lambda side: side.loop, True),
                    "vmap over 8 points": (lambda side: side.many_points(8), False),
                    "vmap over 32 points": (lambda side: side.many_points(32), False)},
        "gradient": {"loop": (lambda side: side.gradient, True)},
        "product": {"retained graph": (lambda side: side.retained_graph, False),
                    "new graph": (lambda side: side.new_graph, False),
                    "forward over reverse": (lambda side: side.forward_over_reverse, True)},
        "norms": {"vmap of grad": (lambda side: side.per_sample, True)},
    }


class TooLong(Exception):
    pass


def compiling(function):
    return torch.compile(function, dynamic=False)


def given_up(*_):
    raise TooLong(f"not compiled after {COMPILING} s")


def tried(results, label, side, way, batch, compiled, budget):
    """Adds a time, or why there is none."""
    # Fused attention has no second derivative and no rule for many weights at once.
    plain = not label.startswith("loop")
    torch.backends.cuda.enable_flash_sdp(not plain)
    torch.backends.mha.set_fastpath_enabled(not plain)
    if compiled is not None:
        signal.signal(signal.SIGALRM, given_up)
        signal.alarm(COMPILING)
    try:
        run = way(batch, compiled or (lambda f: f))
        found = seconds(run, len(side.y), batch, budget) / getattr(way, "share", 1)
        results[label] = min(found, results.get(label, np.inf))
    except Exception as error:
        results[label] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160] if str(error).strip() else ''}"
    finally:
        signal.alarm(0)


def ranked(results):
    """The ways that worked, the fastest first."""
    times = {label: t for label, t in results.items() if isinstance(t, float)}
    return sorted(times, key=times.get)


def pytorch(network, x, y, operations):
    """Work → the fastest way, its seconds, and all that was tried."""
    convolves = any(isinstance(m, nn.Conv2d) for m in network.module.modules())
    layouts = {"": False, ", channels last": True} if convolves else {"": False}
    sides = {layout: Pytorch(network, x, y, last) for layout, last in layouts.items()}
    found = {}
    for work in PASSES:
        results, again = {}, {}
        for name, (function, may_compile) in Pytorch.WAYS[work].items():
            own = {}
            for layout, side in sides.items():
                way = function(side)
                largest = LARGEST / operations / getattr(way, "share", 1)
                for batch in [b for b in BATCHES if b <= min(largest, len(y))]:
                    label = f"{name}, batch {batch}{layout}"
                    again[label] = (side, way, batch, None)
                    tried(own, label, *again[label], TRIAL)
            results |= own
            if may_compile and (eager := ranked(own)):
                label = f"{eager[0]}, compiled"
                again[label] = (*again[eager[0]][:3], compiling)
                tried(results, label, *again[label], TRIAL)
        for label in ranked(results)[:3]:
            tried(results, label, *again[label], FINAL)
        label = ranked(results)[0]
        found[work] = {"seconds": results[label], "way": label, "tried": results}
        print(f"    {work:<10}{1e3 * results[label]:>12.3f} ms   {label}", flush=True)
        torch.compiler.reset()
    return found


# ------------------------------------------------------------------------ Losscope's side

def losscope(name, network, x, y, folder):
    """Writes the network as files and lets `benches/compare.rs` time it."""
    folder = Path(folder) / name
    folder.mkdir()
    state = network.module.state_dict()
    save_file({k: v.contiguous() for k, v in state.items() if v.is_floating_point()}, folder / "weights.safetensors")
    np.savez(folder / "data.npz", x_train=x.numpy(), y_train=y.numpy())
    (folder / "model.toml").write_text(network.toml(name))
    command = ["cargo", "bench", "--bench", "compare", "--", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    last = done.stdout.strip().splitlines()[-1:]
    if done.returncode or not last:
        print(f"    not measured: {' '.join(last) or 'see above'}", flush=True)
        return {}
    times = json.loads(last[0])
    for work in PASSES:
        print(f"    {work:<10}{1e3 * times[work]:>12.3f} ms   Losscope", flush=True)
    return {work: {"seconds": times[work]} for work in PASSES}


# ------------------------------------------------------------------------ tables

def forward_operations(network, x):
    """Multiplications and additions of one sample's way through the network."""
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.mha.set_fastpath_enabled(False)
    with FlopCounterMode(display=False) as counter:
        network.module.eval()(x[:1])
    return counter.get_total_flops()


def table(found):
    """Pairs are Losscope's number and PyTorch's."""
    for work, passes in PASSES.items():
        per_second = work == "surface"
        print(f"\n{work}, {'points/s' if per_second else 'ms'}")
        print(f"{'network':<15}{'Losscope':>11}{'PyTorch':>11}{'faster':>9}{'GFLOP/s':>17}{'of matmul':>13}   PyTorch's best way")
        for name, network in found.items():
            operations, rate = passes * network["forward_operations"] * network["samples"], network["matmul_rate"]
            ours, theirs = (network.get(side, {}).get(work) for side in ("losscope", "pytorch"))
            times = [side["seconds"] if side else None for side in (ours, theirs)]
            cell = lambda form: [form(t) if t else "–" for t in times]
            cells = "".join(f"{c:>11}" for c in cell(lambda t: f"{1 / t:,.1f}" if per_second else f"{1e3 * t:,.2f}"))
            cells += f"{f'{times[1] / times[0]:.2f}×' if all(times) else '':>9}"
            cells += f"{' / '.join(cell(lambda t: f'{operations / t / 1e9:.1f}')):>17}"
            cells += f"{' / '.join(cell(lambda t: f'{operations / t / rate:.0%}')):>13}"
            print(f"{name:<15}{cells}   {theirs['way'] if theirs else ''}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", choices=[*NETWORKS, []])
    parser.add_argument("--side", choices=["both", "losscope", "pytorch"], default="both")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--with", dest="stored", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")
    stored = json.loads(options.stored.read_text()) if options.stored else {}
    found = {}
    for name in options.networks or NETWORKS:
        torch.manual_seed(0)
        network, samples = NETWORKS[name]()
        x, y = samples()
        print(f"{name}: {sum(p.numel() for p in network.module.parameters()):,} parameters, {len(y):,} samples", flush=True)
        entry = {**stored.get(name, {}), "samples": len(y), "forward_operations": forward_operations(network, x)}
        entry["matmul_rate"] = matmul_rate()
        if options.side != "pytorch":
            with tempfile.TemporaryDirectory() as folder:
                entry["losscope"] = losscope(name, network, x, y, folder)
        if options.side != "losscope":
            entry["pytorch"] = pytorch(network, x, y, entry["forward_operations"])
        entry["matmul_rate"] = max(entry["matmul_rate"], matmul_rate())
        entry["load"] = os.getloadavg()[0]
        found[name] = entry
        if options.save:
            options.save.write_text(json.dumps(found, indent=1))
    rates = [entry["matmul_rate"] / 1e9 for entry in found.values()]
    print(f"\nPyTorch {torch.__version__}, {options.threads} threads; matrices of 1,024: {min(rates):.0f} to {max(rates):.0f} GFLOP/s")
    table(found)


if __name__ == "__main__":
    main()
