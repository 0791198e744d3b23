"""Trains the built-in pair of minimizers: one network, one start, two batch sizes.

    python make.py DIGITS.npz OUT_FOLDER [SEED]

DIGITS.npz holds x_train [1437, 1, 8, 8] (pixels from 0 to 1) and y_train: the built-in training
split. The network is 64-128-64-10 with ReLU. Both runs are plain SGD without momentum at learning
rate 0.2, stopped after the first epoch that leaves a training loss of at most 0.01: batches of 16
and of 512. The small-batch run ends with its learning rate divided by 50, from the first epoch that
leaves at most 0.03: its steps are noisy, and without that it would stop beside its minimum, not in
it, where the gradient is ten times that of the large-batch run and hides the curvature from every
sharpness of a small neighbourhood.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

RATE, LOSS, COOLING_FROM, COOLING = 0.2, 0.01, 0.03, 50


def network():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def train(model, x, y, batch, cooled, seed):
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    for epoch in range(1, 10_000):
        for part in torch.randperm(len(y), generator=order).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
        with torch.no_grad():
            loss = F.cross_entropy(model(x), y).item()
        if cooled and loss <= COOLING_FROM:
            optimizer.param_groups[0]["lr"] = RATE / COOLING
        if loss <= LOSS:
            return loss, epoch


def main(data, folder, seed=0):
    torch.set_num_threads(1)
    stored = np.load(data)
    x, y = torch.from_numpy(stored["x_train"]), torch.from_numpy(stored["y_train"])
    torch.manual_seed(int(seed))
    start = network()
    save_file(start.state_dict(), f"{folder}/initial.safetensors")
    for name, batch, cooled in (("small", 16, True), ("large", 512, False)):
        model = network()
        model.load_state_dict(start.state_dict())
        loss, epochs = train(model, x, y, batch, cooled, int(seed) + 1)
        save_file(model.state_dict(), f"{folder}/{name}-batch.safetensors")
        print(f"{name}: loss {loss:.5f} after {epochs} epochs")


if __name__ == "__main__":
    main(*sys.argv[1:])
