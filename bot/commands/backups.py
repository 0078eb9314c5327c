"""`nugu backup`, `nugu restore` and `nugu check`: their results, and the damage that they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.backup.encryption import is_encrypted
from bot.commands import terminal
from bot.domain.backups import DataFaultKind
from bot.errors import OperatorError, PersonError
from bot.text.formatting import counted, mebibytes
from bot.usecases import backups, checking, restoring
from models.engines import UnknownEngineError, weights_of

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.backups import BackupContent, BackupRecord, DataFault
    from bot.settings import Settings

LEFT_OUT = "Not in it: engines' files (nugu engine install brings them), videos, clips and .env."
LONGEST_PASSPHRASE = 4096
"""Bytes of a file with a passphrase."""

FAULTS = {
    DataFaultKind.DATABASE: "the database is damaged",
    DataFaultKind.REFERENCE: "a row refers to one that is gone",
    DataFaultKind.MISSING_CROP: "a crop is missing",
    DataFaultKind.UNREADABLE_CROP: "a crop can't be decoded",
    DataFaultKind.DAMAGED_VALUE: "a value of a row is damaged",
    DataFaultKind.DAMAGED_ENCODING: "the encoding of a crop is damaged",
    DataFaultKind.UNNAMED_CROP: "a crop belongs to no face on record",
    DataFaultKind.UNFINISHED: "a file was never stored as a whole",
    DataFaultKind.STALE_CLIP: "a clip is at work for more than a day",
    DataFaultKind.UNCHECKED: "the rest can't be checked",
}


def read_passphrase(path: Path) -> str:
    """The passphrase in a file, without the line's end. Raises OperatorError for an empty file, or one that is no text."""
    try:
        with path.open("rb") as file:
            passphrase = file.read(LONGEST_PASSPHRASE + 1).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        passphrase = ""
    if not passphrase or len(passphrase) > LONGEST_PASSPHRASE:
        raise OperatorError("{path} holds no passphrase; I take a line of text.", path=str(path))
    return passphrase


def back_up(settings: Settings, path: Path, passphrase: str | None) -> bool:
    """Write a backup, and print its content. Returns whether nothing is damaged."""
    with terminal.spinner("backing up"):
        content = backups.back_up(settings, path, passphrase)
    terminal.print_lines(f"{path}: {_described(content)}{'' if passphrase is None else ', encrypted'}", LEFT_OUT)
    _complain(content.record)
    return not content.record.problems and not content.record.missing


def needs_passphrase(path: Path) -> bool:
    """Whether a backup is encrypted. Raises OperatorError for a file that is no backup."""
    with path.open("rb") as file:
        try:
            return is_encrypted(file)
        except PersonError as error:
            raise _about(path, error) from error


def restore(settings: Settings, path: Path, passphrase: str | None) -> None:
    """Restore a backup into the empty data folder, and print its content."""
    try:
        with terminal.spinner("restoring"):
            content = restoring.restore(settings, path, passphrase)
    except PersonError as error:
        raise _about(path, error) from error
    record = content.record
    made_at = f"{record.made_at:%Y-%m-%d %H:%M} UTC"
    terminal.print_lines(f"{settings.data}: {_described(content)}, as of {made_at}")
    _complain(record)
    if record.engine is not None and _needs_files(record.engine):
        terminal.print_lines(f"The engine {record.engine} needs its files: nugu engine install {record.engine}")


async def check(settings: Settings, *, mends: bool, as_json: bool) -> bool:
    """Print the faults in the data folder. `mends`: mend them where possible. Returns whether none is left."""
    with terminal.spinner("checking"):
        findings = await checking.check(settings, mends=mends)
    for finding in findings:
        if as_json:
            terminal.print_json(_as_record(finding))
        else:
            terminal.print_lines(_line(finding))
    left = [finding for finding in findings if not finding.mended]
    if not as_json:
        mendable = sum(finding.mendable for finding in left)
        if left:
            hint = f", {mendable} of them can be mended: nugu check --fix" if mendable and not mends else ""
            terminal.print_lines(f"{counted(len(left), 'thing')} wrong{hint}")
        else:
            terminal.print_lines("All fits together.")
    return not left


def _about(path: Path, error: PersonError) -> OperatorError:
    return OperatorError("{path}: {error}", path=str(path), error=error.message)


def _described(content: BackupContent) -> str:
    files = counted(content.crops, "crop"), counted(content.classifiers, "classifier")
    return ", ".join(("the database", *files, mebibytes(content.size, 1)))


def _complain(record: BackupRecord) -> None:
    for problem in record.problems:
        terminal.print_errors(f"the database is damaged: {problem}")
    for key in record.missing:
        terminal.print_errors(f"a crop is missing: {key}")


def _needs_files(engine: str) -> bool:
    try:
        return bool(weights_of(engine))
    except UnknownEngineError:
        return False


def _as_record(finding: DataFault) -> dict[str, str | bool]:
    return {
        "fault": finding.fault.value,
        "subject": finding.subject,
        "detail": finding.detail,
        "mendable": finding.mendable,
        "mended": finding.mended,
    }


def _line(finding: DataFault) -> str:
    """`a crop is missing: crops/3fa9….jpg (TWICE, Sana)`; one that was mended begins with `mended:`."""
    subject = " ".join(filter(None, (finding.subject, finding.detail and f"({finding.detail})")))
    return f"{'mended: ' if finding.mended else ''}{FAULTS[finding.fault]}: {subject}"
