import copy

import torch
from torch import nn
from torch.nn import functional as F

RATE = 1e-3


class Average:
    def __init__(self, net, decay=0.999):
        self.net = copy.deepcopy(net).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, net):
        for kept, now in zip(self.net.parameters(), net.parameters()):
            kept.mul_(self.decay).add_(now, alpha=1 - self.decay)


net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
average = Average(net, decay=0.99)
optimizer = torch.optim.RMSprop(net.parameters(), lr=RATE)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.5)
for step in range(100):
    x = torch.randn(16, 4)
    loss = F.smooth_l1_loss(net(x), x.sum(1, keepdim=True), reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    average.update(net)
torch.save({"net": net.state_dict(), "average": average.net.state_dict()}, "ema.pt")
