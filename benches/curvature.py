"""PyTorch's time for one Hessian-vector product and for the top five eigenvalues, on the CPU in f32.

    python benches/curvature.py FOLDER_OF_REFMODELS [THREADS]

FOLDER_OF_REFMODELS holds `refmodels.py` with the definitions of the reference networks. Products are
timed three ways: double backward with a new graph for each product (as PyHessian does), double
backward over one retained graph (all of its activations stay in memory), and forward over reverse
(torch.func). Batch sizes are tried; the fastest counts.
"""
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, sys.argv[1])
from refmodels import REGISTRY, build

torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
ROOT = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
DATA = np.load(ROOT / "data" / "digits.npz")
REPEATS = 7


def fastest(work):
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def lanczos(product, n, tolerance=1e-3, top=5):
    """Full reorthogonalisation, to the residual Losscope stops at; counts products."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(n, generator=generator, dtype=torch.float64)
    basis, alpha, beta = [q / q.norm()], [], []
    while True:
        w = product(basis[-1])
        alpha.append(float(w @ basis[-1]))
        matrix = torch.stack(basis)
        for _ in range(2):
            w = w - matrix.T @ (matrix @ w)
        beta.append(float(w.norm()))
        m = len(alpha)
        t = np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)
        values, vectors = np.linalg.eigh(t)
        residuals = np.abs(beta[-1] * vectors[-1])
        if m >= 2 * top + 2 and np.all(residuals[-top:] <= tolerance * np.abs(values[-top:])) \
                and residuals[0] <= tolerance * max(abs(values[0]), 0.1 * np.abs(values).max()):
            return m, values[::-1][:top]
        basis.append(w / beta[-1])


def measure(name):
    kind = REGISTRY[name]["loss"]
    model = build(name)
    path = ROOT / "models" / name / "sb.pt"
    if path.exists():
        model.load_state_dict(torch.load(path, map_location="cpu"))
    else:
        import gzip, io
        model.load_state_dict(torch.load(io.BytesIO(gzip.open(f"{path}.gz").read()), map_location="cpu"))
    model.eval()
    x, y = torch.from_numpy(DATA["x_train"]), torch.from_numpy(DATA["y_train"])
    names, params = zip(*[(k, p.detach().clone().requires_grad_()) for k, p in model.named_parameters()])
    buffers = dict(model.named_buffers())
    sizes = [p.numel() for p in params]
    n = sum(sizes)

    def loss(params, x, y):
        z = torch.func.functional_call(model, {**dict(zip(names, params)), **buffers}, (x,))
        if kind == "bce":
            return F.binary_cross_entropy_with_logits(z[:, 0], (y >= 5).float(), reduction="sum") / len(DATA["y_train"])
        return F.cross_entropy(z, y, reduction="sum") / len(DATA["y_train"])

    def split(v):
        return [part.view_as(p) for part, p in zip(v.float().split(sizes), params)]

    def flat(parts):
        return torch.cat([p.reshape(-1) for p in parts]).double()

    v = torch.randn(n)
    results = {}
    for batch in (256, 512, 1437):
        chunks = [(x[i:i + batch], y[i:i + batch]) for i in range(0, len(y), batch)]

        def new_graph(v):
            total = 0
            for cx, cy in chunks:
                g = torch.autograd.grad(loss(params, cx, cy), params, create_graph=True)
                total = total + flat(torch.autograd.grad(g, params, split(v)))
            return total

        graphs = [torch.autograd.grad(loss(params, cx, cy), params, create_graph=True) for cx, cy in chunks]

        def retained(v):
            parts = split(v)
            return sum(flat(torch.autograd.grad(g, params, parts, retain_graph=True)) for g in graphs)

        plain = tuple(p.detach() for p in params)

        def forward_over_reverse(v):
            parts = tuple(split(v))
            total = 0
            for cx, cy in chunks:
                gradient = torch.func.grad(lambda p: loss(p, cx, cy))
                total = total + flat(torch.func.jvp(gradient, (plain,), (parts,))[1])
            return total

        for way, product in (("new graph", new_graph), ("retained graph", retained), ("forward over reverse", forward_over_reverse)):
            with torch.no_grad() if way == "forward over reverse" else torch.enable_grad():
                seconds = fastest(lambda: product(v))
            if way not in results or seconds < results[way][0]:
                results[way] = (seconds, batch, product)
        gradient = lambda: [torch.autograd.grad(loss(params, cx, cy), params) for cx, cy in chunks]
        seconds = fastest(gradient)
        if "gradient" not in results or seconds < results["gradient"][0]:
            results["gradient"] = (seconds, batch, None)
    for way, (seconds, batch, product) in results.items():
        line = f"{name:<10}{way:<22}{1e3 * seconds:>9.2f} ms at batch {batch:<5}"
        if product is not None:
            start = time.perf_counter()
            count, values = lanczos(product, n)
            line += f" top 5: {count} products in {time.perf_counter() - start:.3f} s: " + " ".join(f"{value:.4f}" for value in values)
        print(line, flush=True)


for model_name in ("mlp", "lenet", "vgg", "resnet20"):
    measure(model_name)
