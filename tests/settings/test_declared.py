"""The one table: its rows, their bounds, and what is said of keys that are none."""

import pytest

from appliance.config import Config, from_environment
from appliance.errors import BadConfiguration, BadRequest
from appliance.settings import service
from appliance.settings.casts import written
from appliance.settings.declared import UnknownSetting, declared_in, find, live_in
from appliance.settings.resolving import resolved
from appliance.settings.tables import Layer
from ops.commands.settings import table as printed
from tests.settings.rows import Rows
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure
TABLE = live_in(Rows)


@pytest.mark.parametrize("key", live_in(Config))
def test_every_default_is_within_its_own_bounds_and_says_what_it_changes(key: str) -> None:
    one = live_in(Config)[key]
    assert one.cast(written(one.default)) == one.default
    assert len(one.why) > 15
    assert not one.secret, "the README says that there is none yet"


def test_the_readme_shows_them_as_the_command_prints_them() -> None:
    table, found = live_in(Config), resolved(live_in(Config), {})
    rows = [service.shown(one, found[key], found[key].text, {}) for key, one in table.items()]
    readme = (CHECKOUT / "README.md").read_text()
    assert f"$ ./ops/settings list\n{printed(rows)}\n```" in readme


def test_the_same_text_is_good_in_the_environment() -> None:
    config = from_environment({"DARKROOM_EVENTS_DAYS": "2w", "DARKROOM_PROJECT_BYTES": "4T", "DARKROOM_HOST": "a"})
    assert (config.events_days, config.project_bytes, config.host) == (14, 4 * 10**12, "a")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(("form_seconds", text) for text in ("0", "7201", "3h", "-1", "x")),
        *(("project_slots", text) for text in ("-1", str(1 << 54), "many")),
        *(("storage_free_percent", text) for text in ("101", "-0.1", "nan")),
        *(("timezone", text) for text in ("Europe/Nowhere", "../etc/passwd")),
        *(("clean_at", text) for text in ("24:00", "noon")),
        *(("pause", text) for text in ("100ms", "2min")),
        ("colour", "green"),
        ("mail_password", "with\0nul"),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_said(key: str, text: str) -> None:
    with pytest.raises(BadRequest, match=key) as refused:
        TABLE[key].must_cast(text)
    assert refused.value.fields["value"]
    if key in declared_in(Config):
        with pytest.raises(BadConfiguration, match=f"DARKROOM_{key.upper()}"):
            from_environment({f"DARKROOM_{key.upper()}": text})


def test_unknown_keys_get_a_clear_error() -> None:
    with pytest.raises(UnknownSetting, match=r"There is no setting 'project_slot'; did you mean project_slots\?"):
        find(Config, "project_slot")
    with pytest.raises(UnknownSetting, match=r"^There is no setting 'xyzzy'$"):
        find(Config, "xyzzy")
    with pytest.raises(UnknownSetting, match="when the appliance starts: give DARKROOM_API_PORT"):
        find(Config, "api_port")


def test_each_layer_goes_before_those_below_it() -> None:
    order = (Layer.ENVIRONMENT, Layer.FILE, Layer.DATABASE)
    layers: dict[Layer, dict[str, str]] = {}
    assert resolved(TABLE, layers)["project_slots"] == ("10000", Layer.DEFAULT, ())
    for number, layer in enumerate(order, 1):
        layers[layer] = {"project_slots": str(number)}
        assert resolved(TABLE, layers)["project_slots"] == (str(number), layer, ())
    del layers[Layer.FILE]
    layers[Layer.DATABASE] = {"project_slots": "what an older release took"}
    assert resolved(TABLE, layers)["project_slots"] == ("1", Layer.ENVIRONMENT, (Layer.DATABASE,))
    assert "mail_password" not in resolved(TABLE, layers)
    assert set(resolved(TABLE, layers, secrets=True)) == {"mail_password"}
