"""facts.json: everything that was derived, machine-readable, as version 1 of the contract describes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import get_args

from analyzer.records.bundles import Analysis, Findings
from analyzer.records.processes import Pipeline
from analyzer.records.source import Repository
from analyzer.records.structure import Dependency, EntryPoint, Initialiser, Role, Structure
from analyzer.records.techniques import Binding, Claim, Pitfall, TechniqueFinding, Unspecified
from analyzer.render.json_executions import execution
from analyzer.render.json_models import model, reference
from analyzer.render.json_paper import paper
from analyzer.render.json_processes import call_chain, config_table, config_value, derived, pipeline, preset
from analyzer.render.json_values import Json, Object, arguments, evidence, fact, gap, present, source, sources
from analyzer.render.text import clean

SCHEMA = "deepdive/facts/1"


def facts_json(analysis: Analysis) -> dict[str, Json]:
    facts, shapes, findings = analysis.facts, analysis.shapes, analysis.findings
    data: Object = {
        "schema": SCHEMA,
        "tool_version": analysis.tool_version,
        "repository": _repository(facts.repository),
        "roles": _roles(facts.structure),
        "entry_points": [_entry_point(item) for item in facts.structure.entry_points],
        "configs": [config_table(table) for table in facts.configuration.tables],
        "presets": [preset(item) for item in facts.configuration.presets],
        "derived": derived(facts.configuration),
        "unused": [config_value(item) for item in facts.configuration.unused],
        "models": [model(item) for item in shapes.models],
        "preset_models": [model(item) for item in shapes.presets],
    }
    if shapes.program_builds:
        data["program_builds"] = [
            {"program": one.program, "entry": source(one.entry), "model": model(one.model)}
            for one in shapes.program_builds
        ]
    if shapes.reference is not None:
        data["reference"] = reference(shapes.reference)
    data |= _processes(facts.processes.training, "training", "trainings")
    data |= _processes(facts.processes.inference, "inference", "inferences")
    if facts.processes.evaluations:
        data["evaluations"] = [pipeline(item) for item in facts.processes.evaluations]
    data["call_chains"] = [call_chain(chain) for chain in facts.processes.call_chains]
    data["dependencies"] = [_dependency(item) for item in facts.structure.dependencies]
    data["initialisation"] = [_initialiser(item) for item in facts.structure.initialisers]
    data |= _findings(findings)
    if findings.paper is not None:
        data["paper"] = paper(findings.paper)
    if shapes.executions:
        data["executions"] = [execution(item) for item in shapes.executions]
    data["assumptions"] = _assumptions(analysis)
    data["gaps"] = [gap(item) for item in analysis.all_gaps()]
    return data


def facts_text(analysis: Analysis) -> str:
    return json.dumps(facts_json(analysis), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def facts_schema() -> dict[str, Json]:
    """The JSON Schema of facts.json."""
    text = resources.files("report_templates").joinpath("schema/facts.schema.json").read_text("utf-8")
    schema: dict[str, Json] = json.loads(text)
    return schema


def _repository(item: Repository) -> Object:
    described: Object = {"name": item.name, "digest": item.digest, "files": item.files, "lines": item.lines}
    return described | present(
        commit=item.commit, remote=item.remote, license=item.license, dirty=item.dirty if item.commit else None
    )


def _roles(structure: Structure) -> Object:
    return {
        role: [
            {"path": item.path, "evidence": evidence(item.evidence)} for item in structure.roles if item.role == role
        ]
        for role in get_args(Role)
    }


def _entry_point(item: EntryPoint) -> Object:
    described: Object = {"path": item.path, "kind": item.kind, "how": "read"}
    return described | present(command=item.command, target=item.target) | {"source": source(item.where)}


def _processes(pipelines: tuple[Pipeline, ...], one: str, all_of_them: str) -> Object:
    """The main pipeline under its own key; no key at all where the repository has none."""
    described: Object = {all_of_them: [pipeline(item) for item in pipelines]}
    main = next((item for item in pipelines if item.main), None)
    return described if main is None else {one: pipeline(main)} | described


def _dependency(item: Dependency) -> Object:
    described: Object = {"name": item.name, "distribution": item.distribution, "optional": item.optional, "how": "read"}
    described |= present(version=item.version)
    if item.documented_at:
        described["documented_at"] = sources(item.documented_at)
    return described | {"imported_at": sources(item.imported_at), "declared_at": sources(item.declared_at)}


def _initialiser(item: Initialiser) -> Object:
    described: Object = {"target": item.target, "code": item.code, "conditions": list(item.conditions), "how": "read"}
    made = {"maker": item.maker} if item.maker else {}
    return described | made | {"function": item.function, "source": source(item.where)}


def _findings(findings: Findings) -> Object:
    return {
        "techniques": [_technique(item) for item in findings.techniques],
        "claims": [_claim(item) for item in findings.claims],
        "pitfalls": [_pitfall(item) for item in findings.pitfalls],
        "unspecified": [_unspecified(item) for item in findings.unspecified],
        "mode_differences": [
            {
                "aspect": item.aspect,
                "training": {"text": clean(item.training_text), "source": sources(item.training)},
                "inference": {"text": clean(item.inference_text), "source": sources(item.inference)},
            }
            for item in findings.mode_differences
        ],
        "line_differences": [
            {"code": item.code, **present(training=item.training, inference=item.inference)}
            | {"source": source(item.where)}
            for item in findings.line_differences
        ],
    }


def _technique(item: TechniqueFinding) -> Object:
    return {
        "id": item.sheet_id,
        "form": item.form,
        "how": "read",
        "in_use": item.in_use,
        "models": list(item.models),
        "source": sources(item.where),
        "evidence": evidence(item.evidence),
        "bindings": [_binding(binding) for binding in item.bindings],
        "notes": [{"id": note, **arguments(values)} for note, values in item.notes],
    }


def _binding(item: Binding) -> Object:
    described: Object = {"symbol": item.hole, "code": item.code}
    if item.value is not None:
        described["value"] = fact(item.value)
    return described | {"source": source(item.where)}


def _claim(item: Claim) -> Object:
    return {
        "text": clean(item.text),
        "subject": item.subject,
        "claimed": clean(item.claimed),
        "derived": clean(item.derived),
        "verdict": item.verdict,
        **({"reason": item.reason} if item.reason else {}),
        "how": "read",
        "source": source(item.where),
        "derived_source": sources(item.derived_where),
    }


def _pitfall(item: Pitfall) -> Object:
    return {"rule": item.rule, "how": "read", **arguments(item.arguments), "source": sources(item.where)}


def _unspecified(item: Unspecified) -> Object:
    return {
        "parameter": item.parameter,
        "library_default": item.library_default,
        "citation": item.citation,
        "how": "read",
        "source": source(item.where),
    }


def _assumptions(analysis: Analysis) -> list[Json]:
    return [
        {"kind": item.kind, "text": item.text, "rows": item.rows}
        | ({} if item.where is None else {"source": source(item.where)})
        for item in analysis.all_assumptions()
    ]
