import torch


class World:
    def reset(self):
        return torch.zeros(4)

    def step(self, action):
        return torch.rand(4), float(action)
