"""Whether the plug-ins that a workflow names are there and take their settings, and what a schema says of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from appliance.library import plugins
from processors.brought import BadPlugin, Brought
from processors.calls import STUCK
from processors.named import BadSettings, Named, NoSuchPlugin, pick, settings_of
from processors.video.keeping import plugin as encoders

if TYPE_CHECKING:
    from appliance.library.workflow import Workflow


class Choice(NamedTuple):
    """One that a workflow names. where: the field that names it; settings_at: the one with its settings."""

    kind: str
    where: str
    settings_at: str
    name: str
    settings: Mapping[str, Any]


_KINDS: dict[str, Callable[[], Mapping[str, Brought[Any]]]] = {
    "finder": plugins.finders,
    "decider": plugins.deciders,
    "encoder": encoders.installed,
}


def against(workflow: "Workflow") -> str | None:
    """What speaks against its plug-ins, by the field; None if nothing does."""
    for one in _named(workflow):
        try:
            chosen = pick(one.name, _KINDS[one.kind](), one.kind).plugin
            settings_of(chosen, one.settings)
        except (NoSuchPlugin, BadPlugin) as error:
            return f"{one.where}: {error}"
        except BadSettings as error:
            return f"{one.settings_at}{error.where}: {error.what}"
        if one.kind == "encoder" and workflow.target.codec not in chosen.codecs:
            makes = ", ".join(codec.value for codec in chosen.codecs)
            return f"{one.where}: the encoder {one.name!r} makes {makes}, not {workflow.target.codec.value}"
    return None


def hanging(workflow: "Workflow") -> str | None:
    """Which of those that decide about files hangs in this process, for people; None if none does."""
    for one in _named(workflow):
        with suppress(NoSuchPlugin, BadPlugin):
            if one.kind != "finder" and pick(one.name, _KINDS[one.kind](), one.kind).calls.stuck:
                return f"the {one.kind} {one.name} {STUCK}"
    return None


def decisive(workflow: "Workflow") -> list[Any]:
    """Kind, name, version and settings of those that decide about files: with any of it another, all is decided anew.

    Settings are as the plug-in takes them: the same however they are written, or stored meanwhile.
    """
    return [_decisive(one) for one in _named(workflow) if one.kind != "finder"]


def _decisive(one: Choice) -> tuple[str, str, str, Any]:
    try:
        chosen = pick(one.name, _KINDS[one.kind](), one.kind)
        settings = msgspec.to_builtins(settings_of(chosen.plugin, one.settings), order="sorted")
    except (NoSuchPlugin, BadPlugin, BadSettings):
        return one.kind, one.name, "", msgspec.to_builtins(one.settings, order="sorted")
    return one.kind, one.name, chosen.version, settings


def described(schema: dict[str, Any]) -> None:
    """Adds to the schema of workflows what is installed here. Raises BadPlugin."""
    there = {kind: [one.plugin for one in of().values()] for kind, of in _KINDS.items()}
    every = [one.settings for some in there.values() for one in some]
    kinds, parts = msgspec.json.schema_components(every, ref_template="#/$defs/Plugin.{name}")
    schema["$defs"] |= {f"Plugin.{name}": part for name, part in parts.items()}
    of = dict(zip(every, kinds, strict=True))
    fields = {kind: [_use(one, of[one.settings], schema) for one in some] for kind, some in there.items()}
    rules, target, source = (schema["$defs"][name] for name in ("Rules", "Target", "Source"))
    if fields["decider"]:
        rules["properties"]["deciders"]["items"] = {"anyOf": fields["decider"]}
    if fields["encoder"]:
        target["properties"]["encoder"]["anyOf"] = [{"type": "null"}, *fields["encoder"]]
    if fields["finder"]:
        source["properties"]["finder"] = {"enum": [None, *(one.name for one in there["finder"])], "default": None}
        source["allOf"] = [_when(one, of[one.settings]) for one in there["finder"]]


def _use(one: Named, settings: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    part = schema["$defs"][settings["$ref"].removeprefix("#/$defs/")]
    return {
        "type": "object",
        "properties": {"name": {"const": one.name}, "settings": settings},
        "required": ["name", "settings"] if part.get("required") else ["name"],
        "additionalProperties": False,
    }


def _when(one: Named, settings: dict[str, Any]) -> dict[str, Any]:
    chosen = {"properties": {"finder": {"const": one.name}}, "required": ["finder"]}
    return {"if": chosen, "then": {"properties": {"settings": settings}}}


def _named(workflow: "Workflow") -> Iterator[Choice]:
    source = workflow.source
    if source.finder is not None:
        yield Choice("finder", "source.finder", "source.settings", source.finder, source.settings)
    for number, one in enumerate(workflow.rules.deciders):
        where = f"rules.deciders[{number}]"
        yield Choice("decider", f"{where}.name", f"{where}.settings", one.name, one.settings)
    if (encoder := workflow.target.encoder) is not None:
        yield Choice("encoder", "target.encoder.name", "target.encoder.settings", encoder.name, encoder.settings)
