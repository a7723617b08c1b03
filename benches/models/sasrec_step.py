"""A training step of SASRec in PyTorch and in foretaste, one thread each: the same network, loss, dropout and Adam, the same sequences.

Called by `campaign step`, which sets MEASURE, the example of the engine that fits and prints CPU seconds."""
import csv
import json
import math
import os
import random
import statistics
import subprocess
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, BLOCKS, LENGTH, ITEMS, DROPOUT, RATE = 64, 2, 200, 3416, 0.2, 0.001
# Users of a step, steps that are timed together, and turns of each contender.
SHAPES = [(16, 20), (128, 4)]
TURNS = 5


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.before_attention, self.before_layers = nn.LayerNorm(WIDTH, eps=1e-8), nn.LayerNorm(WIDTH, eps=1e-8)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.inner, self.outer = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        normed = self.before_attention(x)
        maps = (map_(normed)[:, None] for map_ in (self.query, self.key, self.value))
        taken = F.scaled_dot_product_attention(*maps, is_causal=True, dropout_p=DROPOUT)[:, 0]
        x = x + F.dropout(self.output(taken), DROPOUT)
        inner = F.dropout(F.relu(self.inner(self.before_layers(x))), DROPOUT)
        return x + F.dropout(self.outer(inner), DROPOUT)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.items, self.places = nn.Embedding(ITEMS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.last = nn.ModuleList(Block() for _ in range(BLOCKS)), nn.LayerNorm(WIDTH, eps=1e-8)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, 0, 0.02)

    def forward(self, sequences):
        x = F.dropout(self.items(sequences) * math.sqrt(WIDTH) + self.places.weight, DROPOUT)
        for block in self.blocks:
            x = block(x)
        return self.last(x) @ self.items.weight.T


def sequences(users):
    draw = random.Random(1)
    return [draw.sample(range(ITEMS), LENGTH + 1) for _ in range(users)]


def of_torch(users, steps):
    torch.manual_seed(1)
    network, all_ = Network(), torch.tensor(sequences(users))
    adam = torch.optim.Adam(network.parameters(), lr=RATE, betas=(0.9, 0.98), fused=True)

    def step():
        adam.zero_grad()
        loss = F.cross_entropy(network(all_[:, :-1]).flatten(0, 1), all_[:, 1:].flatten())
        loss.backward()
        adam.step()
        return loss.item()

    step()
    began = time.process_time()
    for _ in range(steps):
        loss = step()
    return (time.process_time() - began) / steps, loss


def write(users, path):
    """Every item has a user of its own beside the sequences, so that the catalogue has all; one item is no sequence."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "item", "rating", "timestamp"])
        for user, items in enumerate(sequences(users)):
            rows.writerows([f"u{user}", f"i{item}", 1, 1_000_000 + at] for at, item in enumerate(items))
        rows.writerows([f"x{item}", f"i{item}", 1, 1_000_000] for item in range(ITEMS))


def of_foretaste(process, users, steps):
    """The difference of two fits, of a step and of more: what comes before the first step is no part of it."""
    def fit(epochs):
        settings = {"epochs": epochs, "patience": 0, "batch": users, "width": WIDTH, "blocks": BLOCKS, "length": LENGTH, "dropout": DROPOUT, "learning_rate": RATE}
        process.stdin.write("fit sasrec " + " ".join(f"{name}={value}" for name, value in settings.items()) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    first, all_ = fit(1), fit(1 + steps)
    return (all_["cpu"] - first["cpu"]) / steps, dict(all_["figures"])["loss"]


def main():
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, one thread each; CPU ms of a step, median of {TURNS} turns (least to most)\n")
    print(f"width {WIDTH}, {BLOCKS} blocks, {LENGTH} places, {ITEMS} items, softmax over all, dropout {DROPOUT}, Adam\n")
    print("| users of a step | PyTorch | foretaste | foretaste / PyTorch | loss after the last step |\n|---|---|---|---|---|")
    for users, steps in SHAPES:
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            write(users, file.name)
            process = subprocess.Popen([os.environ["MEASURE"], file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            took = {"torch": [], "foretaste": []}
            for _ in range(TURNS):
                of, torchs = of_torch(users, steps)
                took["torch"].append(1000 * of)
                of, ours = of_foretaste(process, users, steps)
                took["foretaste"].append(1000 * of)
            process.stdin.close()
            process.wait()
        rival, own = (statistics.median(took[name]) for name in ("torch", "foretaste"))
        cells = [f"{middle:.0f} ({min(of):.0f} to {max(of):.0f})" for middle, of in ((rival, took["torch"]), (own, took["foretaste"]))]
        print(f"| {users} | {cells[0]} | {cells[1]} | {own / rival:.2f} | {torchs:.3f}, {ours:.3f} |", flush=True)


if __name__ == "__main__":
    main()
