"""A small repository with a model, a dataset, a trainer, a sampler and a preparation script, as sources."""

SOURCES = {
    "README.md": """
    # Tiny

    ```bash
    pip install torch
    python prepare.py
    python train.py --epochs 3
    cd tools && python sample.py
    ```

    ```python
    from net import Tiny
    model = Tiny(Options())
    ```
    """,
    "requirements.txt": "torch>=2.0\nnumpy==1.26.4  # arrays\nunused-thing\n",
    "net.py": """
    from dataclasses import dataclass
    import torch
    from torch import nn

    @dataclass
    class Options:
        width: int = 8
        depth: int = 2
        rate: float = 0.1

    class Layer(nn.Module):
        def __init__(self, options):
            super().__init__()
            self.mix = nn.Linear(options.width, options.width)

        def forward(self, x):
            return x + self.mix(x)

    class Tiny(nn.Module):
        def __init__(self, options: Options):
            super().__init__()
            self.layers = nn.ModuleList([Layer(options) for _ in range(options.depth)])
            self.head = nn.Linear(options.width, 1)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.head(x)

        @torch.no_grad()
        def draw(self, x, steps):
            for _ in range(steps):
                x = self(x)
            return x
    """,
    "items.py": """
    from torch.utils.data import Dataset

    class Items(Dataset):
        def __init__(self, rows):
            self.rows = rows

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, place):
            return self.rows[place]
    """,
    "prepare.py": """
    import numpy as np

    numbers = np.arange(10)
    numbers.tofile("numbers.bin")
    """,
    "train.py": """
    import argparse
    import torch
    from torch.utils.data import DataLoader
    from items import Items
    from net import Options, Tiny

    def evaluate(model, loader):
        model.eval()
        with torch.no_grad():
            return [model(x) for x in loader]

    def main():
        parser = argparse.ArgumentParser()
        parser.add_argument("--epochs", type=int, default=1)
        chosen = parser.parse_args()
        model = Tiny(Options())
        loader = DataLoader(Items([]), batch_size=2)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        for _ in range(chosen.epochs):
            for x in loader:
                loss = model(x).pow(2).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            evaluate(model, loader)

    if __name__ == "__main__":
        main()
    """,
    "tools/sample.py": """
    import sys
    import os
    sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
    import torch
    from net import Options, Tiny

    temperature = 1.0
    count = 3
    seed = 7
    torch.manual_seed(seed)
    model = Tiny(Options())
    model.eval()
    print(model.draw(torch.zeros(1, 8), count))
    """,
    "settings/big.yaml": """
    width: 512
    depth: 12
    """,
    "test_net.py": """
    import torch
    from net import Options, Tiny

    def test_gradients():
        optimizer = torch.optim.SGD(Tiny(Options()).parameters(), lr=1.0)
        Tiny(Options())(torch.zeros(1, 8)).sum().backward()
        optimizer.step()
    """,
}
EXPECTED_ROLES = {
    ("config", "net.py"),
    ("config", "settings/big.yaml"),
    ("config", "tools/sample.py"),
    ("config", "train.py"),
    ("data", "items.py"),
    ("data", "train.py"),
    ("entry_point", "prepare.py"),
    ("entry_point", "tools/sample.py"),
    ("entry_point", "train.py"),
    ("inference", "net.py"),
    ("inference", "tools/sample.py"),
    ("model", "net.py"),
    ("preprocess", "prepare.py"),
    ("training", "train.py"),
}
