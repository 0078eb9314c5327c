"""Finds the values of rows that are damaged, which all queries read as others (`bot.database.tables.columns`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, text, update

from bot.database.encodings import usual_length
from bot.database.tables import METADATA
from bot.database.tables.columns import ReadableType
from bot.database.tables.rosters import Crop, CropEncoding
from bot.database.tables.servers import Server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncSession


class DamagedValue(NamedTuple):
    """A damaged value. `row`: the values of the primary key."""

    table: str
    row: tuple[object, ...]
    column: str


class DamagedEncoding(NamedTuple):
    """A crop whose encoding by an engine is damaged, or can't be compared with the others. `key`: its storage key."""

    crop: int
    key: str
    engine: str


class DamageRepository:
    """Statements over damaged values, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def values(self) -> list[DamagedValue]:
        """The damaged values of all tables, without those of `encodings`."""
        return [value for table in METADATA.sorted_tables for value in await self._values_of(table)]

    async def may_lack_rows(self) -> bool:
        """Whether rows may be lost: a row refers to one that is gone, or SQLite's quick check finds damage.

        It reads the whole database. Another database than SQLite has no such check.
        """
        if self._session.get_bind().dialect.name != "sqlite":
            return False
        if await self._session.scalar(text("SELECT 1 FROM pragma_foreign_key_check LIMIT 1")) is not None:
            return True
        return await self._session.scalar(text("SELECT quick_check FROM pragma_quick_check(1)")) != "ok"

    async def encodings(self) -> list[DamagedEncoding]:
        """The damaged encodings of crops, and those of another length than most by their engine."""
        engines = await self._session.scalars(select(CropEncoding.engine).distinct().order_by(CropEncoding.engine))
        found: list[DamagedEncoding] = []
        for engine in engines.all():
            of_usual_length = func.length(CropEncoding.vector) == usual_length(engine)
            query = (
                select(Crop.id, Crop.key, CropEncoding.vector, of_usual_length)
                .join(CropEncoding, CropEncoding.crop_id == Crop.id)
                .where(CropEncoding.engine == engine, CropEncoding.vector.is_not(None))
                .order_by(Crop.id)
            )
            rows = await self._session.execute(query)
            found += [DamagedEncoding(crop, key, engine) for crop, key, vector, usual in rows if not (vector and usual)]
        return found

    async def replace_encoding(self, damaged: DamagedEncoding, vector: bytes) -> None:
        """Put a new encoding in place of a damaged one, and have recognisers fitted anew."""
        await self._session.execute(
            update(CropEncoding)
            .where(CropEncoding.crop_id == damaged.crop, CropEncoding.engine == damaged.engine)
            .values(vector=vector)
        )
        await self._session.execute(update(Server).values(roster_revision=Server.roster_revision + 1))

    async def _values_of(self, table: Table) -> Sequence[DamagedValue]:
        if table is CropEncoding.__table__:
            return []
        dialect = self._session.get_bind().dialect
        keys = [column.name for column in table.primary_key]
        types = {column.name: column.type for column in table.columns if isinstance(column.type, ReadableType)}
        if not types:
            return []
        quoted = ", ".join(dialect.identifier_preparer.quote(name) for name in (*keys, *types))
        # As text, so that the values come as the driver gives them.
        query = text(f"SELECT {quoted} FROM {dialect.identifier_preparer.quote(table.name)}")  # our own names
        found: list[DamagedValue] = []
        for row in await self._session.execute(query):
            for place, (column, kind) in enumerate(types.items(), start=len(keys)):
                if row[place] is not None and kind.is_damaged(row[place], dialect):
                    found.append(DamagedValue(table.name, tuple(row[: len(keys)]), column))
        return found
