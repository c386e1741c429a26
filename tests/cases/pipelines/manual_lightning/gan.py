import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F


class Adversarial(pl.LightningModule):
    def __init__(self, rate=2e-4):
        super().__init__()
        self.automatic_optimization = False
        self.maker = nn.Linear(8, 16)
        self.judge = nn.Linear(16, 1)
        self.rate = rate

    def forward(self, noise):
        return self.maker(noise)

    def training_step(self, batch):
        maker_optimizer, judge_optimizer = self.optimizers()
        made = self(torch.randn(len(batch), 8))
        maker_loss = F.softplus(-self.judge(made)).mean()
        maker_optimizer.zero_grad()
        self.manual_backward(maker_loss)
        maker_optimizer.step()
        judge_loss = F.softplus(self.judge(made.detach())).mean() + F.softplus(-self.judge(batch)).mean()
        judge_optimizer.zero_grad()
        self.manual_backward(judge_loss)
        judge_optimizer.step()

    def configure_optimizers(self):
        return (
            torch.optim.Adam(self.maker.parameters(), lr=self.rate),
            torch.optim.Adam(self.judge.parameters(), lr=2 * self.rate),
        )
