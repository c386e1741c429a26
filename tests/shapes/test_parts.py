"""Models inside of a main one whose call cannot be followed are evaluated themselves."""

import pytest

from analyzer.facts import derive_facts
from analyzer.records.evidence import Known
from analyzer.records.shown_model import shown_model
from analyzer.shapes import derive_shapes

pytestmark = pytest.mark.usefixtures("evaluated_here")


GAN = {
    "gan.py": """
    import torch
    from torch import nn

    class Generator(nn.Module):
        def __init__(self, latent, width):
            super().__init__()
            self.a = nn.Linear(latent, width)
            self.b = nn.Linear(width, 30)
        def forward(self, z):
            h = torch.relu(self.a(z))
            return self.b(h)

    class Discriminator(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.a = nn.Linear(30, width)
        def forward(self, x):
            return self.a(x)

    class GAN(nn.Module):
        def __init__(self, latent=8, width=16):
            super().__init__()
            self.G = Generator(latent, width)
            self.D = Discriminator(width)
        def forward(self, x):
            raise NotImplementedError

    if __name__ == "__main__":
        gan = GAN()
        loss = gan.D(gan.G(torch.randn(4, 8))).mean()
        loss.backward()
    """
}


def test_the_parts_of_a_container_without_a_forward_are_called(repository):
    index = repository(GAN)
    models = derive_shapes(index, derive_facts(index)).models
    assert [model.class_name for model in models] == ["GAN", "Generator", "Discriminator"]
    assert all(isinstance(model.parameters, Known) for model in models)
    assert [str(model.traces[0].output[0]) if model.traces[0].output else "" for model in models] == [
        "",
        "[B, 30]",
        "[B, width]",
    ]
    assert shown_model(models) is models[1]


def test_a_model_that_can_be_called_is_not_taken_apart(repository):
    text = GAN["gan.py"].replace("raise NotImplementedError", "return self.D(self.G(x))")
    index = repository({"gan.py": text})
    assert [model.class_name for model in derive_shapes(index, derive_facts(index)).models] == ["GAN"]
