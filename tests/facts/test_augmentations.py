"""A composition of transforms augments where something in it is random; resizing and normalising prepare."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import random
import torch
import torchvision.transforms as T
from torch import nn

class Flip:
    def __call__(self, image):
        return image.flip(-1) if random.random() < 0.5 else image

class Scale:
    def __init__(self):
        self.seed = random.random()

    def __call__(self, image):
        return image / 255

def fixed():
    return [T.Resize(32), T.ToTensor()]

parts = [T.ToTensor()]
ADDED
transform = T.Compose(PARTS)
net = nn.Linear(4, 4)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for image in range(3):
    loss = net(transform(image)).mean()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("parts", "added", "kind"),
    [
        ("[T.Resize(32), T.ToTensor(), T.Normalize(0.5, 0.5)]", "", "preprocess"),
        ("[T.RandomCrop(32), T.ToTensor()]", "", "augment"),
        ("[T.RandomApply([Scale()]), T.ToTensor()]", "", "augment"),
        ("[Flip(), T.ToTensor()]", "", "augment"),
        ("[Scale(), T.Lambda(lambda x: x)]", "", "preprocess"),
        ("[T.Lambda(lambda x: x + torch.randn(1))]", "", "augment"),
        ("[*fixed()]", "", "preprocess"),
        ("parts", "", "preprocess"),
        ("parts", "parts.append(T.RandomHorizontalFlip())", "augment"),
        ("parts", "parts += [T.ColorJitter(0.5)]", "augment"),
    ],
)
def test_only_randomness_augments(repository: Write, parts: str, added: str, kind: str) -> None:
    index = repository({"train.py": SCRIPT.replace("PARTS", parts).replace("ADDED", added)})
    stages = derive(index).training[0].stages
    assert [s.kind for s in stages if "Compose" in s.code] == [kind]
