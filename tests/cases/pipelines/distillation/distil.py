import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(16, width)
        self.outer = nn.Linear(width, 10)

    def forward(self, x):
        return self.outer(F.relu(self.inner(x)))


def losses(student, teacher, labels, temperature, share):
    hard = F.cross_entropy(student, labels)
    soft = F.kl_div(
        F.log_softmax(student / temperature, dim=-1), F.softmax(teacher / temperature, dim=-1), reduction="batchmean"
    )
    return (1 - share) * hard + share * temperature**2 * soft


def main(temperature=4.0, share=0.7):
    teacher, student = Net(256), Net(32)
    teacher.load_state_dict(torch.load("teacher.pt", map_location="cpu"))
    teacher.eval()
    teacher.requires_grad_(False)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
    loader = DataLoader(TensorDataset(torch.randn(64, 16), torch.randint(10, (64,))), batch_size=16)
    for x, y in loader:
        with torch.no_grad():
            wanted = teacher(x)
        loss = losses(student(x), wanted, y, temperature, share)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    torch.save(student.state_dict(), "student.pt")


if __name__ == "__main__":
    main()
