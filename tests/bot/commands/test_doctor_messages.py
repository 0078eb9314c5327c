"""The output of `nugu doctor LINK` for messages of sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands import doctor
from bot.links.reasons import LinkError
from bot.settings import Settings


@pytest.mark.parametrize("detail", ['{"error": "gone {0}"}', "{", ""])
async def test_braces_of_a_site_are_shown(
    detail: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refused(settings: Settings, link: str) -> None:
        raise LinkError("The site says: {line}", line='{"code": 1}', detail=detail)

    monkeypatch.setattr(doctor, "fetch_beginning", refused)
    assert not await doctor.examine_link(Settings(data=tmp_path), "https://site.example/1")
    shown = f" (yt-dlp: {detail})" if detail else ""
    assert f'✗ link: The site says: {{"code": 1}}{shown}\n' in capsys.readouterr().out
