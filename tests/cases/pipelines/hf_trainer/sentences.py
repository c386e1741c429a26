import torch
from torch.utils.data import Dataset

MAXIMUM = 64


class Sentences(Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        words = torch.tensor(self.rows[place][0][:MAXIMUM], dtype=torch.long)
        tags = torch.tensor(self.rows[place][1][:MAXIMUM], dtype=torch.long)
        return {"input_ids": words, "labels": tags}


def collate(samples):
    words = torch.zeros(len(samples), MAXIMUM, dtype=torch.long)
    tags = torch.full((len(samples), MAXIMUM), -100, dtype=torch.long)
    for row, sample in enumerate(samples):
        words[row, : len(sample["input_ids"])] = sample["input_ids"]
        tags[row, : len(sample["labels"])] = sample["labels"]
    return {"input_ids": words, "labels": tags}
