import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--accumulate", type=int, default=8)
parser.add_argument("--clip", type=float, default=1.5)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--amp", action="store_true")


def main(options):
    torch.backends.cudnn.benchmark = True
    net = nn.Linear(16, 3).cuda()
    loader = DataLoader(TensorDataset(torch.randn(64, 16), torch.randint(3, (64,))), batch_size=options.batch)
    criterion = nn.CrossEntropyLoss(ignore_index=2)
    optimizer = torch.optim.SGD(net.parameters(), lr=options.lr, momentum=0.9, nesterov=True)
    scaler = torch.amp.GradScaler("cuda", enabled=options.amp)
    for epoch in range(options.epochs):
        for step, (x, y) in enumerate(loader):
            with torch.autocast("cuda", dtype=torch.float16, enabled=options.amp):
                loss = criterion(net(x), y) / options.accumulate
            scaler.scale(loss).backward()
            if (step + 1) % options.accumulate == 0:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(net.parameters(), options.clip)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()


if __name__ == "__main__":
    main(parser.parse_args())
