from dataclasses import dataclass


@dataclass
class Settings:
    name: str = ""
    width: int = 8
    depth: int = 2


configs = [
    dict(name="tiny", width=4, depth=1),
    dict(
        name="base",
        width=64,
        depth=12,
    ),
]
pages = [dict(name="start", title="Home")]
