import os
import random

import numpy
import torch
from torch import nn

PATH = "last.pt"


def seed_all(number):
    random.seed(number)
    numpy.random.seed(number)
    torch.manual_seed(number)
    torch.backends.cudnn.deterministic = True


class Learner:
    def __init__(self, net, rate=0.01, wanted=10):
        self.net = net
        self.optimizer = torch.optim.Adagrad(net.parameters(), lr=rate)
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, milestones=[5, 8], gamma=0.1)
        self.first = 0
        self.wanted = wanted

    def restore(self):
        kept = torch.load(PATH, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.first = kept["epoch"] + 1

    def keep(self, epoch):
        torch.save({"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(), "epoch": epoch}, PATH)

    def learn(self):
        if os.path.exists(PATH):
            self.restore()
        for epoch in range(self.first, self.wanted):
            self.net.train()
            loss = (self.net(torch.randn(8, 2)) ** 2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            self.keep(epoch)


seed_all(17)
Learner(nn.Linear(2, 1), wanted=12).learn()
