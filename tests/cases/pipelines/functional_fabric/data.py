import torch
from torch.utils.data import Dataset


class Tokens(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return torch.randint(0, 32, (17,))
