import torch
from torch.nn import functional as F

from net import Net

net = Net()
net.load_state_dict(torch.load("net.pt"))
for parameter in net.embed.parameters():
    parameter.requires_grad = False
optimizer = torch.optim.SGD(net.head.parameters(), lr=0.5)
for step in range(3):
    ids = torch.randint(50, (2, 5))
    loss = F.nll_loss(F.log_softmax(net(ids), -1).flatten(0, 1), ids.flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
