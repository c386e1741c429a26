import fire
import torch


def main(width: int = 32, lr: float = 0.1):
    model = torch.nn.Linear(width, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    model(torch.ones(1, width)).sum().backward()
    optimizer.step()


class Tool:
    def __init__(self, seed: int = 3):
        self.seed = seed

    def sample(self, count: int = 5):
        torch.manual_seed(self.seed)
        return torch.rand(count)


if __name__ == "__main__":
    fire.Fire({"train": main, "tool": Tool})
