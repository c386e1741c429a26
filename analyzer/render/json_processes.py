"""Pipelines, call chains and configuration in facts.json. A key exists only where the code does the thing."""

from __future__ import annotations

from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue, DerivedQuantity, Override, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import (
    Arm,
    CallChain,
    CallNode,
    Chance,
    DataItem,
    Feature,
    FrameworkSettings,
    Loss,
    Optimizer,
    Pipeline,
    Schedule,
    Stage,
)
from analyzer.render.json_values import Json, Object, evidence, fact, how, present, source, sources, unknown, value

KEYS_OF_STAGES = {"evaluation": ("evaluate",), "checkpointing": ("checkpoint", "load_checkpoint")}


def config_table(table: ConfigTable) -> Object:
    return {
        "name": table.name,
        "format": table.format,
        "source": source(table.where),
        **({"argument_loop": source(table.argument_loop)} if table.argument_loop else {}),
        "fields": [config_value(item) for item in table.values],
    }


def config_value(item: ConfigValue) -> Object:
    described = {
        "name": item.name, "expression": item.expression, "value": value(item.value), **how(item.value),
    }  # fmt: skip
    described |= present(annotation=item.annotation, help=item.help, choices=item.choices or None)
    if item.effective is not None:
        described["effective"] = fact(item.effective)
    return described | {
        "overrides": [_override(step) for step in item.overrides],
        "used_at": sources(item.used_at),
        "source": source(item.where),
    }


def _override(step: Override) -> Object:
    described: Object = {
        "layer": step.layer, "expression": step.expression, "value": value(step.value), **how(step.value),
    }  # fmt: skip
    described |= {"choice": True} if step.choice else {}
    return described | present(preset=step.preset, condition=step.condition or None) | {"source": source(step.where)}


def preset(item: Preset) -> Object:
    values = {name: fact(known) for name, known in item.values}
    described: Object = {"name": item.name, "table": item.table, "values": values, "source": source(item.where)}
    return described | present(build=item.build, layer=item.layer if item.layer != "preset" else None)


def derived(configuration: Configuration) -> list[Json]:
    return [_derived(item) for item in configuration.derived]


def _derived(item: DerivedQuantity) -> Object:
    return {
        "name": item.name, "formula": item.formula, "value": value(item.value), **how(item.value),
        "source": source(item.where),
    }  # fmt: skip


def pipeline(item: Pipeline) -> Object:
    described: Object = {
        "entry": source(item.entry),
        "entry_name": item.entry_name,
        "main": item.main,
        "start": item.start,
        "evidence": evidence(item.evidence),
        "files": list(item.files),
        "stages": [_stage(stage) for stage in item.stages],
    }
    described |= _training_keys(item) if item.kind == "training" else {"features": _features(item)}
    if item.data:
        described["data"] = [_data_item(part) for part in item.data]
    if item.seeds:
        conditions = dict(item.seed_conditions)
        described["seeds"] = [
            {"how": "read", **present(condition=conditions.get(span)), "source": source(span)} for span in item.seeds
        ]
    if item.frameworks:
        described["frameworks"] = [_settings(one) for one in item.frameworks]
    if item.derived:
        described["derived"] = [_derived(one) for one in item.derived]
    if item.chances:
        described["chances"] = [_chance(one) for one in item.chances]
    if item.left_out:
        described["left_out"] = [_stage(stage) for stage in item.left_out]
        described["left_out_by"] = dict(item.left_out_by)
    if item.gaps:
        described["gaps"] = [unknown(gap) for gap in item.gaps]
    return described


def _chance(item: Chance) -> Object:
    return {
        "condition": item.condition, "probability": value(item.share), "overall": value(item.overall),
        "code": item.code, "function": item.function, "loop": item.loop, "each_element": item.is_elementwise,
        "decided_at": source(item.decided_at), "source": source(item.where),
    }  # fmt: skip


def _training_keys(item: Pipeline) -> Object:
    described: Object = {}
    if item.optimizers:
        described["optimizer"] = _optimizer(item.optimizers[0])
        described["optimizers"] = [_optimizer(one) for one in item.optimizers]
    if item.schedules:
        described["schedule"] = _schedule(item.schedules[0])
        described["schedules"] = [_schedule(one) for one in item.schedules]
    if item.losses:
        described["losses"] = [_loss(one) for one in item.losses]
    for key, kinds in KEYS_OF_STAGES.items():
        found = [_stage(stage) for stage in item.stages if stage.kind in kinds]
        if found:
            described[key] = found
    for feature in item.features:
        known = described.setdefault(feature.id, {**_feature(feature), "also": []})
        if isinstance(known, dict) and known.get("source") != source(feature.where) and "also" in known:
            known["also"].append(_feature(feature))
    return described


def _features(item: Pipeline) -> list[Json]:
    return [{"id": feature.id, **_feature(feature)} for feature in item.features]


def _feature(feature: Feature) -> Object:
    described: Object = {"how": "read", "code": feature.code}
    if feature.values:
        described["default"] = {name: value(known) for name, known in feature.values}
    return described | present(condition=feature.condition) | {"source": source(feature.where)}


def _stage(stage: Stage) -> Object:
    described: Object = {
        "kind": stage.kind,
        "how": "read",
        "code": stage.code,
        "function": stage.function,
        "consumes": list(stage.consumes),
        "produces": list(stage.produces),
        "depth": stage.depth,
        "loops": list(stage.loops),
    }
    if stage.arms:
        described["arms"] = [_arm(arm) for arm in stage.arms]
    if stage.again:
        described["again"] = list(stage.again)
    return described | present(condition=stage.condition, framework=stage.framework) | {"source": source(stage.where)}


def _arm(arm: Arm) -> Object:
    return {
        "choice": arm.choice, "arm": arm.number, "condition": arm.condition or None, "source": source(arm.where),
    }  # fmt: skip


def _settings(item: FrameworkSettings) -> Object:
    return {
        "framework": item.framework, "constructed": item.made, "how": "read",
        "settings": _arguments(item.settings), "source": source(item.where),
    }  # fmt: skip


def _optimizer(item: Optimizer) -> Object:
    return {
        "class": item.class_name,
        "how": "read",
        "arguments": _arguments(item.arguments),
        "groups": [
            {
                "selection": group.selection,
                "options": {name: value(known) for name, known in group.options},
                "source": source(group.where),
            }
            for group in item.groups
        ],
        **present(condition=item.condition, effective=item.effective),
        "source": source(item.where),
    }


def _arguments(items: tuple[tuple[str, str, Known[object] | Unknown], ...]) -> list[Json]:
    return [{"name": name, "expression": text, "value": value(known), **how(known)} for name, text, known in items]


def _schedule(item: Schedule) -> Object:
    described: Object = {"kind": item.kind, "how": "read", "arguments": _arguments(item.arguments)}
    if item.curve:
        described["curve"] = [{"step": step, "learning_rate": rate} for step, rate in item.curve]
    elif item.curve_gap is not None:
        described["curve"] = unknown(item.curve_gap)
    described |= present(formula=item.formula or None, counter=item.counter or None)
    described |= {"set_at": source(item.set_at)} if item.set_at is not None else {}
    return described | {"source": source(item.where)}


def _loss(item: Loss) -> Object:
    described: Object = {"function": item.function, "how": "read", "code": item.code}
    described |= present(
        reduction=item.reduction,
        weight=item.weight,
        weight_value=None if item.weight_value is None else value(item.weight_value),
        condition=item.condition,
        ignore_index=None if item.ignore_index is None else value(item.ignore_index),
        label_smoothing=None if item.label_smoothing is None else value(item.label_smoothing),
        label_shift=None if item.label_shift is None else source(item.label_shift),
    )
    return described | {"source": source(item.where)}


def _data_item(item: DataItem) -> Object:
    described: Object = {"name": item.name, "how": "read", "expression": item.expression}
    return (
        described
        | present(shape=item.shape, dtype=item.dtype, level=item.level or None)
        | {"source": source(item.where)}
    )


def call_chain(chain: CallChain) -> Object:
    return {"kind": chain.kind, "title": chain.title, "root": _call(chain.root)}


def _call(node: CallNode) -> Object:
    described: Object = {"label": node.label, "how": "read", **present(target=node.target, detail=node.detail)}
    described |= {"note": node.note} if node.note else {}
    return described | {"source": source(node.where), "children": [_call(child) for child in node.children]}
