"""Makes sasrec.json with PyTorch in float64: `python make_sasrec.py > sasrec.json`. A network of torch's own layers, its loss on a few
sequences, the gradient of every number by autograd, and the scores after a history. Numbers stand in the order of `layout.rs`."""
import json, sys

import torch
import torch.nn.functional as F
from torch import nn

ITEMS, WIDTH, LENGTH, BLOCKS = 7, 6, 5, 2
SEQUENCES, HISTORY = [[3, 1, 4, 0, 5, 2], [6, 2], [1, 3, 2, 6], [0, 5, 4]], [2, 6, 1]
torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.before_attention = nn.LayerNorm(WIDTH, eps=1e-8)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.before_layers = nn.LayerNorm(WIDTH, eps=1e-8)
        self.inner, self.outer = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        normed = self.before_attention(x)
        taken = F.scaled_dot_product_attention(*(map_(normed)[None, None] for map_ in (self.query, self.key, self.value)), is_causal=True)
        x = x + self.output(taken[0, 0])
        return x + self.outer(F.relu(self.inner(self.before_layers(x))))


items, places = nn.Embedding(ITEMS, WIDTH), nn.Embedding(LENGTH, WIDTH)
blocks, last = nn.ModuleList(Block() for _ in range(BLOCKS)), nn.LayerNorm(WIDTH, eps=1e-8)
for part in (items, places, blocks, last):
    for parameter in part.parameters():
        nn.init.normal_(parameter, 0.8 if parameter.dim() == 1 else 0, 0.5)


def scores(sequence):
    x = items(torch.tensor(sequence)) * WIDTH ** .5 + places(torch.arange(LENGTH - len(sequence), LENGTH))
    for block in blocks:
        x = block(x)
    return last(x) @ items.weight.T


logits = torch.cat([scores(sequence[:-1]) for sequence in SEQUENCES])
targets = torch.tensor([item for sequence in SEQUENCES for item in sequence[1:]])
loss = F.cross_entropy(logits, targets)
loss.backward()


def numbers(of):
    """All parameters in one list; a linear layer's matrix is transposed, since rows are multiplied from the left."""
    tensors = [of(items.weight), of(places.weight)]
    for block in blocks:
        for part in (block.before_attention, block.query, block.key, block.value, block.output, block.before_layers, block.inner, block.outer):
            tensors += [of(part.weight).T, of(part.bias)] if isinstance(part, nn.Linear) else [of(part.weight), of(part.bias)]
    return [x for tensor in tensors + [of(last.weight), of(last.bias)] for x in tensor.flatten().tolist()]


json.dump({"torch": torch.__version__.split("+")[0], "items": ITEMS, "width": WIDTH, "length": LENGTH, "blocks": BLOCKS,
           "sequences": SEQUENCES, "history": HISTORY, "weights": numbers(lambda p: p.detach()), "loss": loss.item(),
           "gradient": numbers(lambda p: p.grad), "scores": scores(HISTORY)[-1].tolist()}, sys.stdout)
