"""Settings come from the environment, are described, and agree with `.env.example`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import OperatorError
from bot.settings import Settings, env_example, unknown_variables
from tests.conftest import ROOT


def test_the_example_file_is_generated() -> None:
    assert (ROOT / ".env.example").read_text() == env_example(), "run: python -m bot.settings > .env.example"


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_example_file_holds_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(env_example())
    from_file = Settings.read()
    (tmp_path / ".env").unlink()
    assert from_file == Settings.read()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings.read().threshold = 0.1  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    """The settings of a scheduler's TLS, with files."""
    names = ("scheduler_ca", "scheduler_certificate", "scheduler_key")
    for name in names:
        (tmp_path / name).touch()
    return {name: tmp_path / name for name in names}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "ws://10.0.0.5:8786"])
def test_a_scheduler_without_tls_needs_a_private_network(address: str, files: dict[str, Any]) -> None:
    without: dict[str, Any] = {}
    for more in (without, files):
        with pytest.raises(ValidationError, match="whoever reaches a scheduler without TLS runs code as its user"):
            Settings(**more, scheduler=address)
    assert Settings(scheduler=address, scheduler_private_network=True).scheduler == address


@pytest.mark.parametrize("missing", ["scheduler_ca", "scheduler_certificate", "scheduler_key"])
def test_a_scheduler_with_tls_needs_three_files(missing: str, files: dict[str, Any]) -> None:
    address = "tls://10.0.0.5:8786"
    assert Settings(**files, scheduler=address).scheduler == address
    files[missing].unlink()
    with pytest.raises(ValidationError, match=f"needs NUGU_{missing.upper()} with a file"):
        Settings(**files, scheduler=address, scheduler_private_network=True)
    del files[missing]
    with pytest.raises(ValidationError, match=f"needs NUGU_{missing.upper()} with a file"):
        Settings(**files, scheduler=address)


def test_a_file_holds_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(" a.b.c\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(file))
    settings = Settings.read()
    assert settings.discord_token() == "a.b.c"
    file.write_text("\n")
    with pytest.raises(OperatorError, match="is empty"):
        settings.discord_token()
    file.unlink()
    with pytest.raises(OperatorError, match="can't be read: No such file or directory"):
        settings.discord_token()
    monkeypatch.setenv("DISCORD_TOKEN", "d.e.f")
    with pytest.raises(ValidationError, match="DISCORD_TOKEN is set too; keep one of the two"):
        Settings.read()


def test_the_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very.secret.token")
    settings = Settings.read()
    assert "secret" not in repr(settings)
    assert settings.token is not None
    assert settings.token.get_secret_value() == "very.secret.token"


@pytest.mark.parametrize(("name", "value"), [("NUGU_THRESHOLD", "2"), ("NUGU_WORKERS", "0"), ("NUGU_DEADLINE", "-1")])
def test_a_setting_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings.read()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~/nugu", "{home}/nugu"),
        ("~", "{home}"),
        ("~nobody-of-that-name/x", "~nobody-of-that-name/x"),
        ("a~/b", "a~/b"),
    ],
)
def test_a_tilde_in_the_env_file_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / ".env").write_text(f"NUGU_DATA={written}\nNUGU_LINK_COOKIES={written}\n")
    settings = Settings.read()
    assert settings.data == settings.link_cookies == Path(meant.format(home=tmp_path / "home"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NUGU_DTA", "NUGU_DATA"),
        ("NUGU_DATABASE", "NUGU_DATABASE_URL"),
        ("NUGU_TOKEN", "DISCORD_TOKEN"),
        ("NUGU_TOKEN_FILE", "DISCORD_TOKEN_FILE"),
        ("NUGU_DISCORD_TOKEN", "DISCORD_TOKEN"),
        ("nugu_treshold", "NUGU_THRESHOLD"),
        ("NUGU_MAX_CLIP_SECONDS", "NUGU_CLIP_SECONDS"),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_the_likeliest_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("NUGU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUGU_DATA", "data")
    (tmp_path / ".env").write_text("NUGU_WORKERS=2\nOTHER=1\n")
    assert unknown_variables() == []
    with (tmp_path / ".env").open("a") as file:
        file.write(f"{written}=1\n")
    assert unknown_variables() == [(written.upper(), meant)]
    monkeypatch.setenv(written, "1")
    (tmp_path / ".env").unlink()
    assert unknown_variables() == [(written.upper(), meant)]
