"""Where objects come from that hold the values of configuration files: calls that load one, parameters given one.

A holder is known by its table; a section of it is a holder too. What such objects' own methods return is said here.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.facts.flow.objects import NOTHING, Foreign, Held, Types

LoadKey = tuple[str, int, int]
"""Path, line and column of a call."""
PASSING = frozenset({
    "clone", "copy", "to_dict", "to_container", "deepcopy", "dict", "__copy__", "copy_and_resolve_references",
    "as_dict", "model_dump", "_asdict", "items",
})  # fmt: skip
"""Methods that hand on the values themselves."""
TAKING = frozenset({"get", "pop", "setdefault", "get_ref", "select"})
CONVERTING = frozenset({
    "omegaconf.OmegaConf.merge", "omegaconf.OmegaConf.to_container", "omegaconf.OmegaConf.create",
    "omegaconf.OmegaConf.to_object", "omegaconf.OmegaConf.masked_copy", "omegaconf.OmegaConf.unsafe_merge",
    "easydict.EasyDict", "addict.Dict", "munch.Munch", "munch.munchify", "munch.DefaultMunch.fromDict", "box.Box",
    "ml_collections.ConfigDict", "ml_collections.FrozenConfigDict", "ml_collections.config_dict.ConfigDict",
    "types.SimpleNamespace", "argparse.Namespace", "builtins.dict", "mmcv.Config", "mmengine.Config",
    "mmengine.config.Config", "attrdict.AttrDict", "dotmap.DotMap", "yacs.config.CfgNode", "builtins.vars",
    "omegaconf.OmegaConf.structured", "omegaconf.DictConfig", "transformers.PretrainedConfig.from_dict",
})  # fmt: skip
"""Calls whose result holds the values of their arguments."""
METHOD = "<held>"


@dataclass(frozen=True)
class Holders:
    """Sites of holders by what makes them."""

    made: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """By path and line of the call that makes an object which keeps any attribute."""
    loads: Mapping[LoadKey, tuple[str, ...]] = field(default_factory=dict)
    """By the call that reads a configuration file: the tables that it may give."""
    parameters: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By key of a function and name of its parameter."""
    attributes: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By foreign object and attribute: `FLAGS.config`."""
    sections: frozenset[str] = frozenset()
    """All sites that are sections of a table."""

    def loaded(self, node: ast.Call, path: str) -> Types:
        """What a call that reads a configuration file returns."""
        return _held(self.loads.get((path, node.lineno, node.col_offset), ()))

    def given(self, function: str, name: str) -> Types:
        return _held(self.parameters.get((function, name), ()))

    def attribute(self, dotted: str, name: str) -> Types:
        """What an attribute of a foreign object holds."""
        return _held(self.attributes.get((dotted, name), ())) if self.attributes else NOTHING

    def section(self, base: Held, name: str) -> Types:
        """The section of that name, or the method."""
        site = f"{base.site}{'.' if '|' in base.site else '|'}{name}"
        if site in self.sections:
            return frozenset({Held(site)})
        is_table = base.site.startswith("table:")
        return (
            frozenset({Foreign(f"{METHOD}{base.site}|>{name}")}) if is_table and name in PASSING | TAKING else NOTHING
        )

    def called(self, dotted: str, node: ast.Call) -> Types:
        """What a call of a holder's own method returns."""
        site, _, name = dotted.removeprefix(METHOD).rpartition("|>")
        if name in PASSING:
            return frozenset({Held(site)})
        first = node.args[0] if node.args else None
        key = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        found = self.section(Held(site), key) if key is not None else NOTHING
        return frozenset(item for item in found if isinstance(item, Held))


def _held(sites: tuple[str, ...]) -> Types:
    return frozenset(Held(site) for site in sites)


NO_HOLDERS = Holders()
