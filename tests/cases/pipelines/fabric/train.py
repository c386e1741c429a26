import torch
from lightning import Fabric
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

fabric = Fabric(precision="16-mixed", devices=2, strategy="ddp")
fabric.seed_everything(5)
net = nn.Linear(4, 2)
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
net, optimizer = fabric.setup(net, optimizer)
loader = fabric.setup_dataloaders(DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(2, (8,))), batch_size=2))
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    fabric.backward(loss)
    fabric.clip_gradients(net, optimizer, max_norm=2.0)
    optimizer.step()
    optimizer.zero_grad()
fabric.save("net.ckpt", {"net": net})
