"""Whose rosters a private question searches: those of the servers where the person asked before."""

from __future__ import annotations

from bot.app import App
from bot.database.tables.questions import Question
from bot.usecases.questions import identify


async def test_servers_come_by_their_latest_question_however_many_lie_between(app: App) -> None:
    asked = [(1, 10), (2, 20), (3, 10), *[(4, 10)] * 150, (2, 10), (3, 10), (None, 10)]
    async with app.database.writing() as session:
        for server, asker in asked:
            question = Question(server_id=server, asker_id=asker, engine="dlib-1", threshold=0.5, rosters=[0])
            session.add(question)
            await session.flush()
    assert await identify.servers_asked_in(app, 10) == [3, 2, 4, 1]
    assert await identify.servers_asked_in(app, 20) == [2]
    assert await identify.servers_asked_in(app, 30) == []
