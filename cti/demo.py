"""A few demo calls to watch: simulated phones that speak real SIP with the Asterisk of `cti up`.

Needs the extra `phones` (simulated callers and seats).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final

import aiohttp
from rich.cells import cell_len
from rich.console import Console

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Phone, PhoneCall
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.people import first_password

_SEAT_HZ: Final = 660
_CALLER_HZ: Final = 440
_PATIENCE_S: Final = 60.0

Facts = dict[str, Any]
_SENTENCES: Final[dict[str, Callable[[Facts], str]]] = {
    "CallArrived": lambda fact: f"来电 calls {fact['hotline']} from {fact['caller_number']}",
    "MenuKeyTaken": lambda fact: f"按键 key {fact['key']} in the menu",
    "WaitTold": lambda fact: f"播报 told: number {fact['place']} in line",
    "CallQueued": lambda fact: f"排队 waiting in queue {fact['queue']}",
    "SeatOffered": lambda fact: f"振铃 seat {fact['seat']} is rung (rule: {fact['rule']})",
    "OfferAnswered": lambda fact: (
        f"接通 seat {fact['seat']} answers; wait {fact['wait_us'] / 1e6:.3f} s from prompt end"
    ),
    "SeatLeft": lambda fact: (
        f"结束 seat {fact['seat']} is free; talk {fact['talk_us'] / 1e6:.1f} s"
    ),
    "CallAbandoned": lambda fact: f"放弃 caller gave up after {fact['wait_us'] / 1e6:.3f} s",
    "RecordingStored": lambda fact: (
        f"录音 recording kept: {fact['file']} ({fact['duration_us'] / 1e6:.1f} s)"
    ),
    "CallEnded": lambda fact: f"完成 call over: {fact['outcome']}, ended by {fact['ended_by']}",
}


class Demo:
    """Two seats sign on; one caller is served at once, one asks for a balance first, the third one
    hears that all seats are busy and gives up."""

    def __init__(self, settings: Settings, site: Site, secrets: Secrets, console: Console) -> None:
        self._settings = settings
        self._site = site
        self._secrets = secrets
        self._console = console
        self._api = f"http://{settings.http.host}:{settings.http.port}/api/v1"
        self._phones: list[Phone] = []
        self._callers: dict[str, str] = {}

    async def run(self) -> None:
        """Place the calls, tell what happens, take the seats away again."""
        self._say(
            "\n演示呼叫：两个坐席、三位来电者   "
            "Demo calls: two simulated seats, three simulated callers"
        )
        async with self._logged_in() as session:
            watcher = asyncio.create_task(self._watch(session), name="demo-watch")
            seats = [name for name, seat in self._site.seats.items()][:2]
            try:
                for seat in seats:
                    await self._seat(seat)
                    # A seat that somebody has paused is asked to work, too.
                    await self._wish(session, seat, "sign-on")
                    await self._wish(session, seat, "ready")
                await asyncio.wait_for(self._calls(), _PATIENCE_S)
                await asyncio.sleep(1.5)  # the last recording is on its way to the store
            finally:
                for seat in seats:
                    with contextlib.suppress(aiohttp.ClientError):
                        await self._wish(session, seat, "sign-off")
                for phone in self._phones:
                    await phone.stop()
                watcher.cancel()
        self._say(
            "\n再看一遍   See them again:  .venv/bin/cti calls list,  .venv/bin/cti calls show ID\n"
        )

    async def _calls(self) -> None:
        first = await self._call("13800138001", "张伟", "2")
        second = await self._call("13800138002", "Alice", "9")
        if "billing" in self._site.services:
            await self._looks_up_a_bill(second)
        await second.press("0")
        await asyncio.sleep(3)
        third = await self._call("13800138003", "李娜", "2")
        await asyncio.sleep(8)
        await third.hang_up()
        await asyncio.sleep(1)
        for talk in (first, second):
            await talk.hang_up()

    @staticmethod
    async def _looks_up_a_bill(call: PhoneCall) -> None:
        """Bills, account number, right, PIN, balance: of the sample billing system."""
        for keys, pause_s in (("3", 1), ("10000001#", 2), ("1", 1), ("1234#", 3), ("1", 5)):
            await call.press(keys)
            await asyncio.sleep(pause_s)

    async def _call(self, number: str, name: str, key: str) -> PhoneCall:
        phone = Phone(
            user=number,
            server=(self._settings.asterisk.sip_host, self._settings.asterisk.sip_port),
            local_ip=self._settings.asterisk.trunk_addresses[0],
            display_name=name,
        )
        await phone.start()
        self._phones.append(phone)
        call = await phone.call(self._site.hotlines[0].number, audio=Tone(_CALLER_HZ))
        await call.answered(deadline=10)
        await call.heard.wait_for_sound(deadline=10)
        await call.press(key)
        return call

    async def _seat(self, seat: str) -> None:
        phone = Phone(
            user=self._site.seats[seat].sip_user,
            server=(self._settings.asterisk.sip_host, self._settings.asterisk.sip_port),
            password=self._secrets.get(self._site.seats[seat].sip_secret),
            answer=AnswerAfter(1.5),
        )
        await phone.start()
        self._phones.append(phone)
        await phone.register()

    # ------------------------------------------------------------------------------------- API

    @contextlib.asynccontextmanager
    async def _logged_in(self) -> AsyncIterator[aiohttp.ClientSession]:
        name = next(user for user, record in self._site.users.items() if record.role == "admin")
        login = {"user": name, "password": first_password(self._secrets, name)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._api}/login", json=login) as answer,
        ):
            token = (await answer.json())["access_token"]
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            yield session

    async def _wish(self, session: aiohttp.ClientSession, seat: str, wish: str) -> None:
        async with session.post(f"{self._api}/seats/{seat}/{wish}", json={}) as answer:
            await answer.read()

    async def _watch(self, session: aiohttp.ClientSession) -> None:
        token = session.headers["Authorization"].removeprefix("Bearer ")
        protocols = ("jietong.v1", f"bearer.{token}")
        async with session.ws_connect(f"{self._api}/events", protocols=protocols) as socket:
            async for message in socket:
                fact = message.json()
                sentence = _SENTENCES.get(fact.get("kind", ""))
                if sentence is not None:
                    self._tell(fact["at_us"], fact["data"], sentence)

    def _tell(self, at_us: int, fact: Facts, sentence: Callable[[Facts], str]) -> None:
        if "caller_name" in fact:
            self._callers[fact["call"]] = fact["caller_name"]
        at = datetime.fromtimestamp(at_us / 1e6).astimezone()
        caller = self._callers.get(fact["call"], "")
        # A Chinese character is as wide as two letters.
        gap = " " * (8 - cell_len(caller))
        self._say(f"  {at:%H:%M:%S}.{at_us // 1000 % 1000:03d}  {caller}{gap}{sentence(fact)}")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)
