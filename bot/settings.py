"""All settings of nugu, in one frozen object, read from the environment and `.env`.

`python -m bot.settings` prints `.env.example`, which is made of the descriptions here.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from bot.domain.addresses import read_allowed
from bot.domain.quotas import Quota, QuotaLimits
from bot.errors import OperatorError
from bot.text.formatting import MEBIBYTE

OWN_NAMES: Final = {"token": "DISCORD_TOKEN", "token_file": "DISCORD_TOKEN_FILE"}
"""Variables without our prefix, by setting."""

OPEN_SCHEDULER: Final = (
    "whoever reaches a scheduler without TLS runs code as its user: use tls:// with NUGU_SCHEDULER_CA, "
    "NUGU_SCHEDULER_CERTIFICATE and NUGU_SCHEDULER_KEY, or say by NUGU_SCHEDULER_PRIVATE_NETWORK=true that the network "
    "is yours alone"
)


class Settings(BaseSettings):
    """The settings. They are read once at the start; no other code reads the environment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="NUGU_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    token: SecretStr | None = Field(
        default=None,
        validation_alias="DISCORD_TOKEN",
        description="The bot's token: discord.com/developers/applications > New Application > Bot > Reset Token.",
    )
    token_file: Path | None = Field(
        default=None,
        validation_alias="DISCORD_TOKEN_FILE",
        description="A file with the token, in place of DISCORD_TOKEN: a credential of systemd or a secret of a container. "
        "It stays out of the environment, which other processes of this user can read.",
    )
    data: Path = Field(
        default=Path("data"),
        description="Folder for the database, the roster's crops and the files of engines. One a bot.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="SQLAlchemy URL of the database. Empty: an SQLite file in the data folder."
    )
    storage_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where crops are kept: an s3:// or other object store URL. Empty: in the data folder.",
    )
    scheduler_ca: Path | None = Field(
        default=None,
        description="Certificate (PEM) of the authority that signed those of the scheduler and its workers. An authority for "
        "them alone: whoever has a certificate of it runs code on them.",
    )
    scheduler_certificate: Path | None = Field(
        default=None, description="Certificate (PEM) of this bot for the scheduler."
    )
    scheduler_key: Path | None = Field(default=None, description="Key (PEM) of NUGU_SCHEDULER_CERTIFICATE.")
    scheduler_private_network: bool = Field(
        default=False,
        description="Allow NUGU_SCHEDULER without TLS. Anybody who reaches its port runs code as its user and sees every "
        "picture, so set it only where the network is yours alone. Loopback isn't: each user of the machine reaches it.",
    )
    scheduler: str = Field(
        default="",
        description="Address of a running Dask scheduler, such as tls://10.0.0.5:8786. Empty: workers of its own. "
        "It needs the three files above, or NUGU_SCHEDULER_PRIVATE_NETWORK.",
    )
    workers: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1),
        ge=1,
        le=64,
        description="Worker processes of its own that look at pictures. All but one also work on clips; a single one gets a "
        "second process of low priority for them. Unset: one a processor, four at most.",
    )
    worker_memory: int = Field(
        default=2048 * MEBIBYTE,
        ge=512 * MEBIBYTE,
        description="Bytes of memory at which a worker of its own is restarted.",
    )
    deadline: float = Field(
        default=60.0, gt=0, description="Seconds that a worker may take for one picture. The wait for it doesn't count."
    )
    longest_wait: float = Field(
        default=120.0,
        gt=0,
        description="Seconds that a question may wait for its turn at the workers. A person whose question would wait longer "
        "hears at once when to ask again.",
    )
    memory: int = Field(
        default=128 * MEBIBYTE,
        ge=MEBIBYTE,
        description="Bytes that the pictures of all questions and submitted photos may take together, from the begin of their "
        "download until a worker has looked at them. They lie in the temporary folder, with NUGU_SCHEDULER in memory too. A "
        "larger file gets its time alone. Archives and gathered photos lie beside them and don't count.",
    )
    picture_bytes: int = Field(
        default=25 * MEBIBYTE, gt=0, description="The largest picture file that is read, in bytes."
    )
    picture_pixels: int = Field(default=50_000_000, gt=0, description="The largest picture that is decoded, in pixels.")
    threshold: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Confidence from which an answer counts as sure, where /setup chose no other.",
    )
    message_content: bool = Field(
        default=False,
        description="Ask Discord for the message-content intent, which watched channels need. "
        "Switch it on in the developer portal too.",
    )
    forget_days: int = Field(
        default=7,
        ge=1,
        description="Days after which a face that nobody labelled is forgotten, with its crop and its encoding.",
    )
    questions_at_once: int = Field(default=2, ge=1, description="Questions of one person that are worked on at a time.")
    retrain_after: int = Field(
        default=10,
        ge=1,
        description="New labels of a group, confirmed or gathered, that make its next model due. "
        "Photos that moderators submit are used at once, and make it due by themselves.",
    )
    gather_sources: str = Field(
        default="commons,openverse",
        description="The sources of `/member gather`: names of bot/gather/sources, separated by commas. "
        "NAME=URL asks NAME at another address. `web` is Bing's result page, which is no official interface: "
        "read its terms before you add it.",
    )
    gather_contact: str = Field(
        default="",
        pattern=r"^[ -~]*$",
        description="Your mail address or web page. Each site that photos are gathered from gets it, "
        "and nothing is gathered without it.",
    )
    gather_pause: float = Field(
        default=1.0, ge=0, description="Seconds between two requests to one site when photos are gathered."
    )
    gather_files: int = Field(default=60, ge=1, le=500, description="The most photos that one gathering brings.")
    gather_file_seconds: float = Field(
        default=20.0,
        gt=0,
        description="Seconds that one file may take when photos are gathered; a slower site is left alone.",
    )
    gather_seconds: float = Field(default=300.0, gt=0, description="Seconds that one gathering may take.")
    clip_seconds: float = Field(
        default=600.0, gt=0, description="The longest part of a video that is annotated, in seconds."
    )
    clip_bytes: int = Field(
        default=500 * MEBIBYTE, gt=0, description="The largest video that is downloaded or read, in bytes."
    )
    clip_height: int = Field(default=1080, ge=144, le=2160, description="The greatest height of a clip, in pixels.")
    clips_of_person: int = Field(default=1, ge=1, description="Clips of one person that are at work or wait at a time.")
    clips_of_server: int = Field(default=20, ge=1, description="Clips of one server that may wait.")
    clip_keep_bytes: int = Field(
        default=5120 * MEBIBYTE,
        ge=0,
        description="Bytes of all kept videos and clips, from which an equal request or a correction is answered at once. "
        "The least recently used ones are deleted first, and each after NUGU_FORGET_DAYS.",
    )
    quota_groups: int = Field(default=200, ge=1, description="Groups that a server may have.")
    quota_members: int = Field(default=2_000, ge=1, description="Members that a server may have, in all its groups.")
    quota_photos: int = Field(default=20_000, ge=1, description="Photos of members that a server may have.")
    quota_crop_bytes: int = Field(
        default=1024 * MEBIBYTE,
        ge=1,
        description="Bytes of a server's crops: those of photos, and of faces that wait for a label. A crop has 34 kB.",
    )
    quota_clip_bytes: int = Field(
        default=2048 * MEBIBYTE,
        ge=1,
        description="Bytes of a server's kept videos and clips, within NUGU_CLIP_KEEP_BYTES. "
        "The least recently used ones make room for new ones.",
    )
    quota_trainings: int = Field(
        default=30, ge=1, description="Trainings of a server's groups that may begin within an hour."
    )
    link_sites: str = Field(
        default="youtube",
        description="Sites that links may lead to, separated by commas: names of yt-dlp's extractors, such as "
        "youtube,vimeo,tiktok. NAME=HOST allows HOST too. `generic` takes any page: know what you allow.",
    )
    link_seconds: float = Field(
        default=300.0, gt=0, description="Seconds that the download of a linked video may take."
    )
    link_cookies: Path | None = Field(
        default=None,
        description="A cookies.txt (Netscape's format) for sites that require a login. Empty: none.",
    )
    link_proxy: SecretStr = Field(
        default=SecretStr(""),
        description="A proxy that downloads of linked videos go through, http://USER:PASSWORD@HOST:PORT. Empty: none.",
    )
    allowed_addresses: str = Field(
        default="",
        description="Addresses that links may lead to though they are private or have another port than 80 and 443: "
        "ADDRESS:PORT, separated by commas, such as 10.0.0.5:8888. Empty: none.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="What goes into the log."
    )

    @field_validator("token_file", "data", "scheduler_ca", "scheduler_certificate", "scheduler_key", "link_cookies")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        """Replace `~` by the home folder, which no shell does in `.env`."""
        # Path.expanduser raises an error for ~name without such a user. Here that is a folder's name.
        return None if path is None else Path(os.path.expanduser(path))  # noqa: PTH111

    @field_validator("allowed_addresses")
    @classmethod
    def _are_addresses(cls, text: str) -> str:
        read_allowed(text)
        return text

    @field_validator("token_file")
    @classmethod
    def _is_the_only_token(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("token") is not None:
            raise PydanticCustomError("two_tokens", "DISCORD_TOKEN is set too; keep one of the two")
        return path

    @field_validator("scheduler")
    @classmethod
    def _is_protected(cls, address: str, info: ValidationInfo) -> str:
        if not address.startswith("tls://"):
            if address and not info.data.get("scheduler_private_network"):
                raise PydanticCustomError("open_scheduler", OPEN_SCHEDULER)
            return address
        for name in ("scheduler_ca", "scheduler_certificate", "scheduler_key"):
            path: Path | None = info.data.get(name)
            if path is None or not path.is_file():
                variable = cls.variable(name)
                raise PydanticCustomError(
                    "no_file", "a tls:// address needs {variable} with a file", {"variable": variable}
                )
        return address

    @staticmethod
    def variable(name: str) -> str:
        """The environment variable of the setting `name`, or of its alias."""
        return OWN_NAMES.get(name, name if name in OWN_NAMES.values() else f"NUGU_{name.upper()}")

    def discord_token(self) -> str | None:
        """The bot's token, from the setting or its file; None without either. Raises OperatorError for a useless file."""
        if self.token is not None:
            return self.token.get_secret_value()
        if self.token_file is None:
            return None
        try:
            token = self.token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise OperatorError(
                "DISCORD_TOKEN_FILE: {file} can't be read: {reason}", file=str(self.token_file), reason=reason or ""
            ) from None
        if not token:
            raise OperatorError("DISCORD_TOKEN_FILE: {file} is empty", file=str(self.token_file))
        return token

    @property
    def quotas(self) -> QuotaLimits:
        """The limits of each server. The shared roster, which is the operator's, has none."""
        return {quota: getattr(self, f"quota_{quota.value}") for quota in Quota}

    def secrets(self) -> dict[str, str]:
        """The values of the settings that hold a secret, by their environment variables."""
        values = {self.variable(name): getattr(self, name) for name in type(self).model_fields}
        held = {name: value for name, value in values.items() if isinstance(value, SecretStr)}
        return {name: value.get_secret_value() for name, value in held.items()}

    @classmethod
    def read(cls) -> Settings:
        """The settings of this process. Raises pydantic.ValidationError for a value out of bounds."""
        return cls()


def unknown_variables() -> list[tuple[str, str]]:
    """(variable, the likeliest right one) for each `NUGU_…` variable of the environment or `.env` that is no setting."""
    known = {Settings.variable(name) for name in Settings.model_fields}
    variables = (*os.environ, *DotEnvSettingsSource(Settings).env_vars)
    given = {name.upper() for name in variables if name.upper().startswith("NUGU_")}
    # People give DISCORD_TOKEN the prefix NUGU_ by mistake.
    by_suffix = {name.partition("_")[2]: name for name in known} | {"DISCORD_TOKEN": "DISCORD_TOKEN"}
    return [
        (name, by_suffix[get_close_matches(name.removeprefix("NUGU_"), by_suffix, n=1, cutoff=0.0)[0]])
        for name in sorted(given - known)
    ]


def env_example() -> str:
    """The text of `.env.example`: every setting with its description and default."""
    lines = ["# Generated by `python -m bot.settings > .env.example`. Copy it to `.env`."]
    for name, field in Settings.model_fields.items():
        variable = Settings.variable(name)
        default = "" if field.default_factory or field.default is None else field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        if isinstance(default, bool):
            default = str(default).lower()
        lines += ["", f"# {field.description}", f"{variable}={default}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(env_example(), end="")
