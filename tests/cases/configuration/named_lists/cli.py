from jsonargparse import CLI

from settings import Settings


def train(settings: Settings, steps: int = 100, rate: float = 0.1) -> None:
    print(settings.width, settings.depth, steps, rate)


def sample(count: int = 3) -> None:
    print(count)


COMMANDS = {"train": train, "more": {"sample": sample}}

if __name__ == "__main__":
    CLI(COMMANDS)
