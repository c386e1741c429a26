"""Which calls read which configuration files, so that the values are followed to the lines that use them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from analyzer.facts.configuration.argument_parsers import ABSL_PREFIX
from analyzer.facts.configuration.config_nodes import find as find_nodes
from analyzer.facts.configuration.config_nodes import holder_sites
from analyzer.facts.configuration.file_names import FileNames
from analyzer.facts.configuration.hydra_groups import primaries
from analyzer.facts.configuration.mapping_tables import find as find_files
from analyzer.facts.configuration.reading import (
    FUNCTIONS,
    Scope,
    callee,
    foreign_name,
    keyword_of,
    own_nodes,
    parameters,
    scopes,
    string_of,
)
from analyzer.facts.configuration_owners import FLAG_SITE, owner_of, sections_of
from analyzer.facts.flow.holders import Holders, LoadKey
from analyzer.index import Definition, SourceIndex
from analyzer.records.configuration import ConfigTable

LOADERS = frozenset({
    "yaml.load", "yaml.safe_load", "yaml.full_load", "yaml.unsafe_load", "json.load", "json.loads", "toml.load",
    "toml.loads", "tomllib.load", "tomllib.loads", "tomli.load", "tomli.loads", "omegaconf.OmegaConf.load",
    "mmcv.Config.fromfile", "mmengine.Config.fromfile", "mmengine.config.Config.fromfile", "mmcv.utils.Config.fromfile",
    "detectron2.config.LazyConfig.load", "hydra.compose", "pytorch_lightning.core.saving.load_hparams_from_yaml",
    "ruamel.yaml.YAML().load", "ruamel.yaml.YAML.load", "ruamel.yaml.safe_load", "oyaml.safe_load",
    "pyhocon.ConfigFactory.parse_file", "commentjson.load", "json5.load",
})  # fmt: skip
CONFIG_FLAGS = ("ml_collections.config_flags.DEFINE_config_file", "ml_collections.config_flags.DEFINE_config_dict")
FLAGS = ("absl.flags.FLAGS",)


@lru_cache(maxsize=2)
def holders_of(index: SourceIndex) -> Holders:
    """All places where configuration enters the code as an object."""
    tables = (*find_files(index), *find_nodes(index))
    files = {table.name: table for table in tables if table.format != "call"}
    return Holders(
        made=holder_sites(index),
        loads={**dict(_loads(index, files)), **dict(_flag_holders(index))},
        parameters=dict(_parameters(index, files)),
        attributes=_flags(index, tables),
        sections=sections_of(tables),
    )


def _loads(index: SourceIndex, files: dict[str, ConfigTable]) -> Iterator[tuple[LoadKey, tuple[str, ...]]]:
    if not files:
        return
    names = FileNames(index)
    by_scope = {primary.scope: primary for primary in primaries(index)}
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            for node in own_nodes(scope.node):
                if isinstance(node, ast.Call) and _is_loader(index, scope, node):
                    primary = by_scope.get(scope.qualified_name)
                    composes = foreign_name(index, scope, node) == "hydra.compose" and primary is not None
                    found = (primary.path,) if composes and primary else names.named(_file_argument(node), scope)
                    sites = tuple(owner_of(files[name]) for name in found if name in files)
                    if sites:
                        yield (path, node.lineno, node.col_offset), sites


def _is_loader(index: SourceIndex, scope: Scope, node: ast.Call) -> bool:
    return foreign_name(index, scope, node) in LOADERS


def _file_argument(node: ast.Call) -> ast.expr | None:
    return node.args[0] if node.args else next((k.value for k in node.keywords if k.arg), None)


def _parameters(index: SourceIndex, files: dict[str, ConfigTable]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """The first parameter of the function that Hydra starts."""
    for primary in primaries(index):
        function = index.symbols.definition(primary.scope) if ":" in primary.scope else None
        node = function.node if isinstance(function, Definition) else None
        if primary.path in files and isinstance(node, FUNCTIONS) and node.decorator_list:
            first = next((argument.arg for argument, _ in parameters(node)), None)
            if first is not None:
                yield (primary.scope, first), (owner_of(files[primary.path]),)


def _flag_holders(index: SourceIndex) -> Iterator[tuple[LoadKey, tuple[str, ...]]]:
    """`RATE = flags.DEFINE_float("rate", 0.1, …)`: the call gives a holder of that flag alone."""
    for path, tree in index.trees().items():
        if "DEFINE_" in index.text(path):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and foreign_name(index, Scope(path, "", tree), node).startswith(
                    ABSL_PREFIX
                ):
                    name = string_of(node.args[0]) if node.args else None
                    if name:
                        yield (path, node.lineno, node.col_offset), (f"{FLAG_SITE}{name}",)


def _flags(index: SourceIndex, tables: Sequence[ConfigTable]) -> dict[tuple[str, str], tuple[str, ...]]:
    """`FLAGS.config` of `DEFINE_config_file("config", "configs/default.py")`: what that file's `get_config` makes."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    sites = {table.name: owner_of(table) for table in tables if table.format == "call"}
    for path, tree in index.trees().items():
        if "config_flags" not in index.text(path):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and foreign_name(index, Scope(path, "", tree), node) in CONFIG_FLAGS:
                name, site = _flag(index, Scope(path, "", tree), node, sites)
                if name and site:
                    found.update({(flags, name): (site,) for flags in FLAGS})
    return found


def _flag(index: SourceIndex, scope: Scope, node: ast.Call, sites: dict[str, str]) -> tuple[str | None, str | None]:
    name = string_of(node.args[0]) if node.args else None
    given = keyword_of(node, "default") or keyword_of(node, "config") or (node.args[1] if len(node.args) > 1 else None)
    if isinstance(given, ast.Call):
        made = callee(index, scope, given)
        return name, sites.get(made.qualified_name) if isinstance(made, Definition) else None
    for path in FileNames(index).named(given, scope):
        site = sites.get(f"{path}:get_config") or sites.get(path)
        if site is not None:
            return name, site
    return name, None
