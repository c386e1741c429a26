import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 64), nn.Tanh())

    def forward(self, noise):
        return self.layers(noise)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, images):
        return self.layers(images).squeeze(-1)


maker = Generator()
critic = Critic()
criterion = nn.BCEWithLogitsLoss()
maker_optimizer = torch.optim.Adam(maker.parameters(), lr=2e-4, betas=(0.5, 0.999))
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=4e-4, betas=(0.5, 0.999))
loader = DataLoader(TensorDataset(torch.rand(128, 64)), batch_size=32, shuffle=True, drop_last=True)

for epoch in range(5):
    for (real,) in loader:
        made = maker(torch.randn(len(real), 8))
        critic_loss = criterion(critic(real), torch.ones(len(real))) + criterion(
            critic(made.detach()), torch.zeros(len(real))
        )
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        maker_loss = criterion(critic(made), torch.ones(len(real)))
        maker_optimizer.zero_grad()
        maker_loss.backward()
        maker_optimizer.step()
