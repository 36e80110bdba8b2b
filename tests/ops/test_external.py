"""What says that database and storage run elsewhere: its names, a .env file, and what is made of both."""

import os
from urllib.parse import unquote, urlsplit

import pytest

from ops.setup import dotenv, external

pytestmark = pytest.mark.pure

POSTGRES = {"POSTGRES_SERVER": "db.lan", "POSTGRES_DB": "photos", "POSTGRES_USER": "app"}
POSTGRES |= {"POSTGRES_PASSWORD": "long one"}
S3 = {
    "S3_BUCKET": "photos",
    "AWS_ENDPOINT_URL": "https://S3.lan:443/",
    "AWS_REGION": "eu-1",
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "se/cr+et=",
}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("A = spaced out  ", "spaced out"),
        ("  export A=x", "x"),
        ("A=", ""),
        ("A = # nothing", ""),
        ("A=a#b", "a#b"),
        ("A=a #b", "a"),
        ("A='a #b' # c", "a #b"),
        ('A = "a \\"b\\" \\\\ \\$c"', 'a "b" \\ $c'),
        ('A="\\n"', "\\n"),
        ("A=it's", "it's"),
        ("A=a=b", "a=b"),
        ("\ufeffA=marked", "marked"),
    ],
)
def test_a_line_of_a_file(tmp_path, line, value):
    (tmp_path / ".env").write_text(f"{line}\n\n# a remark\r\nB=2\r\n")
    assert dotenv.read(tmp_path / ".env") == {"A": value, "B": "2"}


@pytest.mark.parametrize("line", ["A", "=1", 'A="x', 'A="x"y', "A='x' y", "1A=x", "A B=x"])
def test_a_line_that_is_no_setting_is_named_and_not_shown(tmp_path, line):
    (tmp_path / ".env").write_text(f"SECRET=hidden\n{line}\n")
    with pytest.raises(dotenv.Unreadable) as refused:
        dotenv.read(tmp_path / ".env")
    assert str(refused.value) == f"{tmp_path / '.env'}, line 2 is not NAME=value"


def test_no_file_is_no_setting_and_bytes_are_refused(tmp_path):
    assert dotenv.read(tmp_path / ".env") == {}
    os.mkfifo(tmp_path / "pipe")
    assert dotenv.read(tmp_path / "pipe") == {}
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(dotenv.Unreadable, match="no text"):
        dotenv.read(tmp_path / ".env")


def test_the_names_become_our_own():
    made = external.translated(POSTGRES | S3)
    assert made == {
        "DARKROOM_DATABASE_URL": "postgresql://app:long%20one@db.lan:5432/photos",
        "DARKROOM_STORAGE_URL": "https://s3.lan",
        "DARKROOM_STORAGE_BUCKET": "photos",
        "DARKROOM_STORAGE_REGION": "eu-1",
        **dict.fromkeys(external.KEYS, "AKID:se/cr+et="),
    }


def test_odd_characters_come_through():
    odd = "p@:/ %41?#&='\"\\ü"
    made = external.translated(POSTGRES | {"POSTGRES_PASSWORD": odd, "POSTGRES_DB": odd, "POSTGRES_USER": odd})
    url = urlsplit(made["DARKROOM_DATABASE_URL"])
    assert [unquote(part) for part in (url.username, url.password, url.path[1:])] == [odd, odd, odd]
    assert url.hostname == "db.lan"


@pytest.mark.parametrize(
    ("server", "made"),
    [
        ("10.0.0.5", "postgresql://app:long%20one@10.0.0.5:6543/photos"),
        ("fd00::5", "postgresql://app:long%20one@[fd00::5]:6543/photos"),
        ("/run/postgresql", "postgresql://app:long%20one@/photos?host=%2Frun%2Fpostgresql&port=6543"),
    ],
)
def test_servers_of_every_kind(server, made):
    given = POSTGRES | {"POSTGRES_SERVER": server, "POSTGRES_PORT": "6543"}
    assert external.translated(given) == {"DARKROOM_DATABASE_URL": made}


def test_the_spelling_of_the_brief_and_what_is_left_out():
    given = {name: value for name, value in S3.items() if name not in ("AWS_ENDPOINT_URL", "AWS_REGION")}
    assert external.translated(given)["DARKROOM_STORAGE_URL"] == "https://s3.us-east-1.amazonaws.com"
    made = external.translated(given | {external.MISSPELT: "http://10.0.0.9:9000"})
    assert made["DARKROOM_STORAGE_URL"] == "http://10.0.0.9:9000"
    with pytest.raises(external.Unusable, match="differ"):
        external.translated(S3 | {external.MISSPELT: "http://10.0.0.9:9000"})


def test_without_a_bucket_or_a_server_the_rest_is_somebody_elses():
    given = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "x y z", "POSTGRES_PASSWORD": "postgres1"}
    assert external.translated(given) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID must be set"),
        ({"POSTGRES_DB": "", "POSTGRES_USER": ""}, "POSTGRES_DB and POSTGRES_USER must be set"),
        ({"POSTGRES_PASSWORD": "postgres"}, "POSTGRES_PASSWORD is one that everybody tries"),
        ({"AWS_SECRET_ACCESS_KEY": "minioadmin"}, "AWS_SECRET_ACCESS_KEY is one that everybody tries"),
        ({"AWS_ENDPOINT_URL": "https://s3.lan/path"}, "AWS_ENDPOINT_URL is not of the form"),
        ({"AWS_ENDPOINT_URL": "https://user:pw@s3.lan"}, "AWS_ENDPOINT_URL is not of the form"),
        ({"AWS_ENDPOINT_URL": "s3.lan"}, "AWS_ENDPOINT_URL is not of the form"),
        ({"S3_BUCKET": "a/b"}, "S3_BUCKET is not the name of a bucket"),
        ({"S3_BUCKET": "originals{x}"}, "S3_BUCKET is not the name of a bucket"),
        ({"AWS_REGION": "eu 1"}, "AWS_REGION is not"),
        ({"POSTGRES_PORT": "54a"}, "POSTGRES_PORT is not a port"),
        ({"POSTGRES_SERVER": "db.lan:5432x"}, "POSTGRES_SERVER is not"),
        ({"POSTGRES_SERVER": "me@db.lan"}, "POSTGRES_SERVER is not"),
    ],
)
def test_what_can_not_be_used_is_named_and_no_secret_shown(change, said):
    given = POSTGRES | S3 | change
    with pytest.raises(external.Unusable, match=said) as refused:
        external.translated(given)
    secrets = (given["AWS_SECRET_ACCESS_KEY"], given["POSTGRES_PASSWORD"], "AKID")
    assert not [secret for secret in secrets if secret in str(refused.value)]


def test_settings_that_may_change_come_from_the_file_too(tmp_path):
    (tmp_path / ".env").write_text("DARKROOM_PROJECT_SLOTS=7\nDARKROOM_USER_SLOTS=8\nDARKROOM_TOKEN_SECRET=no\n")
    environment = {"DARKROOM_USER_SLOTS": "9"}
    external.take(environment, [tmp_path / ".env"])
    assert environment == {"DARKROOM_PROJECT_SLOTS": "7", "DARKROOM_USER_SLOTS": "9"}


def test_the_environment_wins_over_the_data_folder_and_that_over_the_checkout(tmp_path, capsys):
    checkout, data = tmp_path / "checkout", tmp_path / "checkout" / "var"
    data.mkdir(parents=True)
    lines = "".join(f"{name}={value}\n" for name, value in S3.items())
    (checkout / ".env").write_text(lines + "PATH=/nowhere\nDARKROOM_MINIO=/evil\n")
    (data / ".env").write_text("S3_BUCKET=from-data\nAWS_REGION=from-data\n")
    (data / ".env").chmod(0o600)
    environment = {"AWS_REGION": "from-shell", "HOME": "/root"}
    external.take(environment, external.files(checkout, data))
    assert environment["DARKROOM_STORAGE_BUCKET"] == "from-data"
    assert environment["DARKROOM_STORAGE_REGION"] == "from-shell"
    assert environment["DARKROOM_STORAGE_URL"] == "https://s3.lan"
    assert environment["HOME"] == "/root"
    assert not {"AWS_REGION", "S3_BUCKET", "PATH", "DARKROOM_MINIO"} & environment.keys()
    said = capsys.readouterr().err
    assert f"chmod 600 {checkout / '.env'}" in said
    assert str(data / ".env") not in said


def test_a_verb_that_another_one_calls_finds_the_same(tmp_path):
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in S3.items()))
    environment: dict[str, str] = {}
    external.take(environment, [tmp_path / ".env"])
    again = dict(environment)
    external.take(again, [tmp_path / ".env"])
    assert again == environment


def test_only_the_appliance_in_the_checkout_takes_the_checkouts_file(tmp_path):
    assert external.files(tmp_path, tmp_path / "var") == [tmp_path / "var" / ".env", tmp_path / ".env"]
    other = tmp_path / "other"
    assert external.files(tmp_path, other, other) == [other / ".env"]


def test_two_that_say_different_things_are_refused(tmp_path):
    environment = dict(S3) | {"DARKROOM_STORAGE_URL": "http://127.0.0.1:9000"}
    with pytest.raises(external.Unusable, match="DARKROOM_STORAGE_URL says one thing"):
        external.take(environment, [])
