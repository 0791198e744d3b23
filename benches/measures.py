"""One full-space sharpness in PyTorch and SciPy, to compare with `cargo bench --bench measures`.

    python measures.py REFMODELS_FOLDER DIGITS.npz CHECKPOINT_FOLDER [NETWORK ...]

REFMODELS_FOLDER holds refmodels.py with `build(name)`; DIGITS.npz x_train and y_train;
CHECKPOINT_FOLDER NETWORK/sb.pt. Two threads, single precision, the whole split as one batch (the
fastest of 128, 256, 512 and all on the reference machine). Sign ascent is Losscope's rule.
"""
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize

EPSILON, REPEATS = 1e-3, 5


def main():
    folder, data, checkpoints, *networks = sys.argv[1:]
    sys.path.insert(0, folder)
    from refmodels import build

    torch.set_num_threads(2)
    stored = np.load(data)
    x, y = torch.from_numpy(stored["x_train"]), torch.from_numpy(stored["y_train"])
    print(f"{'network':<10}{'method':<14}{'phi':>8}{'gradients':>12}{'seconds':>12}{'ms/gradient':>16}")
    for name in networks or ["mlp", "lenet", "resnet20"]:
        model = build(name)
        model.load_state_dict(torch.load(f"{checkpoints}/{name}/sb.pt", map_location="cpu"))
        model.eval()
        parameters = list(model.parameters())
        flat = torch.nn.utils.parameters_to_vector(parameters).detach().clone()
        count = 0

        def gradient(at):
            nonlocal count
            count += 1
            with torch.no_grad():
                torch.nn.utils.vector_to_parameters(at, parameters)
            loss = F.cross_entropy(model(x), y)
            parts = torch.autograd.grad(loss, parameters)
            return loss.item(), torch.cat([p.reshape(-1) for p in parts])

        box = EPSILON * (flat.abs() + 1)

        def sign():
            z = torch.zeros_like(flat)
            value, slope = gradient(flat)
            size = 2.0
            for _ in range(10):
                moved = torch.clamp(z + size * box * slope.sign(), -box, box)
                if torch.equal(moved, z):
                    break
                found, after = gradient(flat + moved)
                if found > value:
                    z, value, slope = moved, found, after
                else:
                    size /= 2
            return value

        def lbfgsb():
            width = box.numpy().astype(np.float64)
            start = 0.1 * width * np.random.RandomState(0).uniform(-1, 1, len(width))
            best = -np.inf

            def negated(z):
                nonlocal best
                value, slope = gradient(flat + torch.from_numpy(z).float())
                best = max(best, value)
                return -value, -slope.numpy().astype(np.float64)

            bounds = np.stack([-width, width], 1)
            minimize(negated, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 10})
            return best

        gradient(flat)
        at, times = gradient(flat)[0], []
        for _ in range(2 * REPEATS):
            start = time.perf_counter()
            gradient(flat)
            times.append(time.perf_counter() - start)
        for label, run in (("sign ascent", sign), ("L-BFGS-B", lbfgsb)):
            seconds = []
            for _ in range(REPEATS):
                count, start = 0, time.perf_counter()
                worst = run()
                seconds.append(time.perf_counter() - start)
            phi = 100 * (worst - at) / (1 + at)
            print(f"{name:<10}{label:<14}{phi:>8.3f}{count:>12}{min(seconds):>12.4f}{min(times) * 1e3:>16.2f}", flush=True)


if __name__ == "__main__":
    main()
