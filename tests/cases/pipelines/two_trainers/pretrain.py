import torch
from torch.nn import functional as F

from net import Net

net = Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
for step in range(10):
    ids = torch.randint(50, (4, 9))
    scores = net(ids[:, :-1])
    loss = F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
torch.save(net.state_dict(), "net.pt")
