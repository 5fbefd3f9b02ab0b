"""Whatever is put on the topic of commands, the good ones among it are carried out."""

import json
import random
from collections import Counter
from time import monotonic
from typing import Any
from uuid import uuid4

from domain.events import ThoughtGenerated
from services import schemas
from services.bus.client import Incoming
from services.store.codec import decode
from tests.integration.ingest.agents import Agent
from tests.integration.ingest.conftest import House
from tests.integration.ingest.speaking import Sent, reason, source
from tests.unit.ingest.commands import FULL, avro

BAD, GOOD = 1_000, 200
LONGEST_SECS = 60
MEGABYTE = 1024 * 1024
Headers = list[tuple[str, bytes | None]]
BOMB: Headers = [(f"h{n}", b"x" * (n % 50)) for n in range(20_000)]


def garbage(dice: random.Random, number: int) -> tuple[bytes | None, set[str], Headers]:
    """Make something that is no command; return what may be said of it, and headers for it."""
    name = dice.choice([*FULL])
    whole = avro(name, FULL[name])
    wrong_types: list[Any] = [[], {}, 1, 1.5, None, True, "", "x" * 2_000]
    match number % 10:
        case 0:
            return dice.randbytes(dice.randint(1, 300)), {"malformed_json"}, []
        case 1:
            return b"\xc3\x01" + dice.randbytes(8) + whole[10:], {"unknown_schema"}, []
        case 2:
            return whole[: dice.randint(11, len(whole) - 1)], {"malformed_avro"}, []
        case 3:
            impossible = {"persona_id": "p", "phase": "reflect", "content": "c", "impact": 7.0}
            ids = {"command_id": uuid4().hex}
            return avro("think", impossible | ids), {"invalid_request"}, []
        case 4:
            told = {"command": "reap", "persona_id": dice.choice(wrong_types)}
            return json.dumps(told).encode(), {"missing_field"}, []
        case 5:
            told = {"command": dice.choice(wrong_types), "persona_id": "p"}
            return json.dumps(told).encode(), {"unknown_command"}, []
        case 6:
            return dice.choice([b"", None]), {"empty"}, []
        case 7:
            fields = {"name": 1, "role": [], "charter": {}}
            told = {"command": "spawn", "command_id": uuid4().hex, **fields}
            return json.dumps(told).encode(), {"invalid_request"}, []
        case 8:
            known = schemas.commands()[name].header
            codes = {"malformed_avro", "invalid_command_id", "missing_field"}
            return known + dice.randbytes(40), codes, []
        case _:
            if number == 9:
                return b"{}", {"unknown_command"}, BOMB
            if number < 40:
                return dice.randbytes(5 * MEGABYTE), {"malformed_json"}, []
            return b'{"command": "reap", "persona_id": NaN}', {"malformed_json"}, []


def test_of_a_thousand_bad_ones_each_is_a_dead_letter_and_each_good_one_is_done(
    house: House,
) -> None:
    agent, dice, speaker = Agent(house), random.Random(7), house.speaker
    bad = [garbage(dice, number) for number in range(BAD)]
    assert len(bad) == BAD
    order: list[int | None] = [*range(BAD), *[None] * GOOD]
    dice.shuffle(order)
    put: dict[int | None, Any] = {}
    good, began = {}, monotonic()
    for at, number in enumerate(order):
        key = b"key-%d" % at
        if number is None:
            thought = {"phase": "reflect", "content": f"good {at}", "persona_id": agent.id}
            value = json.dumps({"command": "think", "command_id": f"g-{at}", **thought}).encode()
            good[at] = speaker.put(value, token=agent.token, key=key)
        else:
            value_of, _, headers = bad[number]
            put[number] = speaker.put(value_of, key=key, headers=headers), key
    sent = {number: (placed(future), key) for number, (future, key) in put.items()}
    asked = {placed(future).id: at for at, future in good.items()}
    speaker.until(lambda: len(speaker.letters) >= BAD and answered(house, asked) >= GOOD)
    assert monotonic() - began < LONGEST_SECS
    speaker.listen(1)
    letters = {source(each): each for each in speaker.letters}
    assert len(letters) == len(speaker.letters) == BAD
    for number, (original, codes, headers) in enumerate(bad):
        where, key = sent[number]
        is_kept(letters[where], where, key, original, headers)
        assert reason(letters[where]) in codes, (number, reason(letters[where]))
    replies = Counter(each.id for each in speaker.replies if each.id in asked)
    assert replies == dict.fromkeys(asked, 1)
    assert {each.status for each in speaker.replies if each.id in asked} == {200}
    assert thoughts(house, agent) == Counter(f"good {at}" for at in good)


def placed(future: Any) -> Sent:
    found = future.get(60)
    return Sent(found.partition, found.offset)


def answered(house: House, asked: dict[str, int]) -> int:
    return sum(each.id in asked for each in house.speaker.replies)


def is_kept(
    letter: Incoming, where: Sent, key: bytes, value: bytes | None, headers: Headers
) -> None:
    assert (letter.partition, letter.key) == (where.partition, key)
    assert letter.value == value
    assert [*letter.headers][: len(headers)] == headers


def thoughts(house: House, agent: Agent) -> Counter[str]:
    stored = house.served.app.recorder.read(0, 100_000, topics=[ThoughtGenerated.topic])
    events = [decode(each.state) for each in stored]
    return Counter(
        each.content
        for each in events
        if isinstance(each, ThoughtGenerated) and each.persona_id == agent.id
    )
