import argparse

import torch
from mmcv import Config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    model = torch.nn.Linear(cfg.model.width, cfg.model.head.classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.optimizer.lr, momentum=cfg.optimizer["momentum"])
    for _ in range(cfg.max_epochs):
        model(torch.ones(1, cfg.model.width)).sum().backward()
        optimizer.step()


if __name__ == "__main__":
    main()
