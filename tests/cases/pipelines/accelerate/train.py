import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from transformers import get_cosine_schedule_with_warmup


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.layer = nn.Linear(width, 4)

    def forward(self, x):
        return self.layer(x)


class Trainer:
    def __init__(self, epochs=3, batch=8, every=4, rate=1e-3, bound=1.0):
        self.accelerator = Accelerator(gradient_accumulation_steps=every, mixed_precision="bf16")
        rows = TensorDataset(torch.randn(256, 16), torch.randint(4, (256,)))
        loader = DataLoader(rows, batch_size=batch, shuffle=True)
        net = Net()
        decayed = [p for p in net.parameters() if p.ndim > 1]
        others = [p for p in net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))
        scheduler = get_cosine_schedule_with_warmup(optimizer, 10, 96)
        self.net, self.optimizer, self.loader, self.scheduler = self.accelerator.prepare(net, optimizer, loader, scheduler)
        self.epochs = epochs
        self.bound = bound

    def fit(self):
        for epoch in range(self.epochs):
            for x, y in self.loader:
                with self.accelerator.accumulate(self.net):
                    loss = F.cross_entropy(self.net(x), y)
                    self.accelerator.backward(loss)
                    if self.accelerator.sync_gradients:
                        self.accelerator.clip_grad_norm_(self.net.parameters(), self.bound)
                    self.optimizer.step()
                    self.scheduler.step()
                    self.optimizer.zero_grad()
            self.accelerator.save_state("out")


if __name__ == "__main__":
    set_seed(3)
    Trainer(every=2).fit()
