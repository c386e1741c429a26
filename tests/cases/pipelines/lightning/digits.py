import lightning as L
import torch
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, place):
        image = torch.rand(1, 28, 28)
        return image, torch.tensor(place % 10, dtype=torch.long)


class DigitsModule(L.LightningDataModule):
    def __init__(self, batch_size=32):
        super().__init__()
        self.batch_size = batch_size

    def train_dataloader(self):
        return DataLoader(Digits(6000), batch_size=self.batch_size, shuffle=True, drop_last=True)

    def val_dataloader(self):
        return DataLoader(Digits(1000), batch_size=self.batch_size)
