"""The two sources outside of the database: the environment that the appliance was started with, and a file.

The file is `settings.toml` in the data folder: `project_slots = 500`, a key a line.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

from appliance.errors import BadConfiguration
from appliance.settings.casts import written
from appliance.settings.declared import Setting, UnknownSetting, find

FILE = "settings.toml"


class BadFile(BadConfiguration):
    """The file can't be used; what was read from it before goes on to count."""

    status = 400
    code = "bad_settings_file"
    title = "The file of settings is not usable"


def of_environment(table: Mapping[str, Setting], environment: Mapping[str, str]) -> dict[str, str]:
    """The texts that the environment gives, secrets left out: those stay in the processes that were given them."""
    named = {key: environment.get(one.variable, "") for key, one in table.items() if not one.secret}
    return {key: text for key, text in named.items() if text}


def of_file(rows: type, data: Path) -> dict[str, str]:
    """The texts that the file in the folder `data` gives; none where there is no file. Raises BadFile."""
    path = data / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadFile(f"{FILE} can't be read: {error.strerror}") from error
    except ValueError as error:  # no UTF-8, or no TOML
        raise BadFile(f"{FILE}: {error}") from error
    return {key: _text(rows, key, value) for key, value in content.items()}


def _text(rows: type, key: str, value: Any) -> str:
    try:
        one = find(rows, key)
        text = text_of(one, value)
        one.cast(text)
    except UnknownSetting as error:
        raise BadFile(f"{FILE}: {error}") from None
    except (ValueError, BadConfiguration) as error:
        raise BadFile(f"{FILE}: {key}: {error}") from None
    return text


def text_of(one: Setting, value: Any) -> str:
    """The text of a value as JSON and TOML have it. Raises ValueError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) and one.kind is not bool:
        raise ValueError("expected no truth value")
    if isinstance(value, list) and get_origin(one.kind) is tuple:
        return " ".join(map(str, value))
    if isinstance(value, bool | int | float | list | dict):
        return written(value)
    raise ValueError("expected a text, a number, true or false, a list or an object")
