import argparse

import torch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--fast", action="store_true")
    args = parser.parse_args()
    model = torch.nn.Linear(args.width, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    if not args.fast:
        model(torch.ones(1, args.width)).sum().backward()
        optimizer.step()


if __name__ == "__main__":
    main()
