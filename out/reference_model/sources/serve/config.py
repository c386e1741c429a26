"""What a server allows and when it raises an alarm, from a JSON file or the defaults."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from reference_model.errors import UserError


@dataclass(frozen=True)
class ServerConfig:
    """Limits of one server."""

    max_prompt_characters: int = 4_000
    max_new_tokens: int = 512
    concurrency: int = 2  # generations at a time: more share the same cores
    queue: int = 16  # requests that may wait; further ones are told to come back (429)
    seconds: float = 30.0  # of waiting and generating together; then the request ends (503 before the first token)
    alert_latency_seconds: float = 10.0  # an alert while the 95th percentile of the recent requests is above this
    alert_tokens_per_second: float = 1.0  # an alert while the recent throughput is below this
    alert_error_share: float = 0.1  # an alert while more of the recent requests than this failed
    recent: int = 100  # how many finished requests the summary and the alerts look back on

    def __post_init__(self) -> None:
        for name in ("max_prompt_characters", "max_new_tokens", "concurrency", "recent"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.queue < 0 or self.seconds <= 0:
            raise UserError("the queue must be 0 or longer, and the seconds above 0")


def load_config(path: Path | None) -> ServerConfig:
    """The configuration of a file; an unknown name is an error, not a silent default."""
    if path is None:
        return ServerConfig()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(f"{path}: cannot be read as JSON: {problem}") from None
    known = {field.name: field.type for field in dataclasses.fields(ServerConfig)}
    if not isinstance(content, dict) or set(content) - set(known):
        unknown = sorted(set(content) - set(known)) if isinstance(content, dict) else ["(no object)"]
        raise UserError(f"{path}: unknown settings {', '.join(unknown)}; there are {', '.join(known)}")
    for name, value in content.items():
        if isinstance(value, bool) or not isinstance(value, int if known[name] == "int" else (int, float)):
            raise UserError(f"{path}: {name} must be a number ({known[name]}), not {value!r}")
    return ServerConfig(**content)
