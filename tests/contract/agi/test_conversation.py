"""Whole conversations over a real socket, with a peer that answers as Asterisk does."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.agi.conversation import Conversations
from ivr_flows.model import Flow, FlowBook, Step
from ivr_flows.says import Text, Value
from ivr_flows.steps import (
    Hangup,
    Identify,
    LookUp,
    Menu,
    Message,
    Play,
    Queue,
    Return,
    Score,
    Transfer,
    recorded,
)
from ivr_flows.templates import Template
from service_desk.lookups import LookupFound
from tests.contract.agi.stage import (
    ScriptedLookups,
    call,
    equipment,
    hotline,
    recordings,
    serving,
)
from tests.fakes.agi_peer import AgiPeer, Caller

MENU = "/sounds/zh-CN/main-menu"
TRANSFERRING = "/sounds/zh-CN/transferring"


def _marks(caller: Caller) -> list[dict[str, str]]:
    """Without the steps gone through, which are told for statistics."""
    marks = [mark for mark in caller.marks if mark["Mark"] != "steps"]
    return [{key: value for key, value in mark.items() if key != "Path"} for mark in marks]


def _mark_names(caller: Caller) -> list[str]:
    return [mark["Mark"] for mark in _marks(caller)]


class TestChoosingAQueue:
    async def test_caller_presses_1_and_waits_for_repairs(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="-1", variables={"CTI_CALL": "jt1-7.7"}))
        assert caller.sounds == ["/sounds/zh-CN/greeting", MENU, TRANSFERRING]
        assert _marks(caller) == [
            {
                "Mark": "menu-key",
                "Call": "jt1-7.7",
                "Flow": "main",
                "Step": "main-menu",
                "Key": "1",
            },
            {"Mark": "person-asked", "Call": "jt1-7.7", "Queue": "repairs"},
            {"Mark": "prompt-ended", "Call": "jt1-7.7", "Prompt": "transferring"},
            {
                "Mark": "queued",
                "Call": "jt1-7.7",
                "Queue": "repairs",
                "Priority": "4",
                "Language": "zh-CN",
            },
        ]
        assert caller.variables == {
            "CTI_CALL": "jt1-7.7",
            "CTI_HOTLINE": "12345",
            "CTI_FLOW_STATE": "",
            "CTI_LANG": "zh-CN",
            "CTI_NEXT": "queue",
            "CTI_PERSON_ASKED": "1",
            "CTI_PRIORITY": "4",
            "CTI_QUEUE": "repairs",
            "CTI_CLASS": "",
            "CTI_WANTED": "",
            "CTI_SKILLS": "",
        }

    async def test_marks_stand_right_behind_the_command_they_belong_to(
        self, tmp_path: Path
    ) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="-1"))
        verbs = [" ".join(words[:2]) for words in caller.commands]
        at_menu = next(i for i, words in enumerate(caller.commands) if words[2:3] == [MENU])
        assert verbs[at_menu : at_menu + 3] == ["STREAM FILE", *["EXEC UserEvent"] * 2]
        at_last = next(i for i, words in enumerate(caller.commands) if words[2:3] == [TRANSFERRING])
        assert verbs[at_last + 1] == "EXEC UserEvent"
        assert "Mark:prompt-ended" in caller.commands[at_last + 1][2]

    async def test_everything_is_on_the_channel_before_queued_is_told(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="-2"))
        queued = next(i for i, line in enumerate(caller.lines) if "Mark:queued" in line)
        told = [words[2] for words in caller.commands[:queued] if words[0] == "SET"]
        assert told[-6:] == [
            *("CTI_QUEUE", "CTI_PRIORITY", "CTI_SKILLS"),
            *("CTI_CLASS", "CTI_WANTED", "CTI_LANG"),
        ]
        # Last of all, so that a session cut off before it is taken up again.
        assert caller.commands[queued + 1] == ["SET", "VARIABLE", "CTI_NEXT", "queue"]

    async def test_key_during_the_greeting_is_taken_by_the_menu(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="2"))
        assert caller.sounds == ["/sounds/zh-CN/greeting", TRANSFERRING]
        assert caller.variables["CTI_QUEUE"] == "bills"

    async def test_key_9_goes_on_in_the_other_language(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="-91"))
        assert caller.sounds[-2:] == ["/sounds/en/main-menu", "/sounds/en/transferring"]
        assert _mark_names(caller)[:2] == ["menu-key", "language"]
        assert _marks(caller)[1]["Language"] == "en"
        assert caller.variables["CTI_LANG"] == "en"
        assert caller.marks[-1]["Language"] == "en"

    async def test_caller_who_never_presses_a_key_gets_a_person(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller())
        no_key = "/sounds/zh-CN/no-key"
        assert caller.sounds[1:] == [MENU, no_key, MENU, no_key, MENU, TRANSFERRING]
        assert _mark_names(caller) == ["person-asked", "prompt-ended", "queued"]

    async def test_wrong_key_is_said_and_not_marked(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="-7--1"))
        assert caller.sounds[1:4] == [MENU, "/sounds/zh-CN/wrong-key", MENU]
        assert [mark.get("Key") for mark in caller.marks if mark["Mark"] == "menu-key"] == ["1"]

    @pytest.mark.parametrize("key", ["é", "\x01", "A", "B"])
    async def test_number_that_is_no_key_counts_as_silence(self, tmp_path: Path, key: str) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys=f"-{key}--1"))
        assert caller.variables["CTI_QUEUE"] == "repairs"
        assert "/sounds/zh-CN/wrong-key" not in caller.sounds

    async def test_thousand_keys_end_with_a_person(self, tmp_path: Path) -> None:
        for storm in ("9" * 1000, "7" * 1000, "*#" * 500):
            async with hotline(tmp_path) as server:
                caller = await call(server, Caller(keys=storm))
            assert caller.variables["CTI_NEXT"] == "queue"
            assert caller.variables["CTI_QUEUE"] == "service"
            assert len(caller.commands) < 500


class TestEnding:
    async def test_hangup_step_says_goodbye_and_leaves_it_to_the_dialplan(
        self, tmp_path: Path
    ) -> None:
        flow = Flow(
            id="main",
            languages=("zh-CN",),
            start="bye",
            steps={"bye": Hangup(id="bye", say=recorded("goodbye"))},
        )
        async with hotline(tmp_path, flow) as server:
            caller = await call(server, Caller())
        assert caller.sounds == ["/sounds/zh-CN/goodbye"]
        assert _mark_names(caller) == ["prompt-ended", "flow-ended"]
        assert caller.marks[-1]["Outcome"] == "hangup"
        assert caller.variables["CTI_NEXT"] == "hangup"

    async def test_unknown_hotline_is_left_to_the_dialplan(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(variables={"CTI_HOTLINE": "99999"}))
        assert [words[0] for words in caller.commands] == ["GET", "GET"]
        assert "CTI_NEXT" not in caller.variables

    async def test_without_the_application_userevent_no_caller_is_queued_untold(
        self, tmp_path: Path
    ) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="1", knows_user_event=False))
        assert "CTI_NEXT" not in caller.variables


class TestPrivateSteps:
    async def test_key_of_a_private_menu_is_told_nowhere(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flow = Flow(
            id="main",
            languages=("zh-CN",),
            start="hello",
            steps={
                "hello": Play(id="hello", say=recorded("greeting"), next="secret"),
                "secret": Menu(
                    id="secret",
                    say=recorded("main-menu"),
                    choices={"8": "person"},
                    otherwise="person",
                    private=True,
                ),
                "person": Queue(id="person", queue="service", priority=5),
            },
        )
        for keys in ("-8", "8", "-3-8"):
            async with hotline(tmp_path, flow) as server:
                caller = await call(server, Caller(keys=keys))
            assert _mark_names(caller) == ["person-asked", "queued"]
            written = [line for line in caller.lines if not line.startswith("STREAM FILE")]
            assert not [line for line in written if "8" in line and "WAIT" not in line]
        assert "'8'" not in capsys.readouterr().out


class TestMissingSounds:
    async def test_missing_in_the_language_is_heard_in_the_main_one(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            (tmp_path / "en" / "main-menu.wav").unlink()
            caller = await call(server, Caller(keys="-91"))
        assert caller.sounds[2] == MENU

    async def test_refused_by_asterisk_falls_back_and_then_goes_on(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            sounds = frozenset({"/sounds/en/main-menu", "/sounds/en/transferring", TRANSFERRING})
            caller = await call(server, Caller(keys="-91", missing=sounds))
        assert caller.sounds[2:] == [
            "/sounds/en/main-menu",
            MENU,
            "/sounds/en/transferring",
            TRANSFERRING,
        ]
        assert caller.variables["CTI_NEXT"] == "queue"

    async def test_studio_recording_wins(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            (tmp_path / "studio" / "zh-CN").mkdir(parents=True)
            (tmp_path / "studio" / "zh-CN" / "greeting.wav").touch()
            caller = await call(server, Caller(keys="1"))
        assert caller.sounds[0] == "/sounds/studio/zh-CN/greeting"


class TestAfterARestart:
    """The daemon was killed; the dialplan calls the next one with the same channel."""

    async def test_caller_goes_on_in_the_step_they_were_in(self, tmp_path: Path) -> None:
        async with hotline(tmp_path) as server:
            first = await call(server, Caller(keys="-9", hangs_up_at=16))
        assert first.variables["CTI_FLOW_STATE"] == "v2/main/main-menu/en/0/1/0/"
        async with hotline(tmp_path) as server:
            second = await call(server, Caller(keys="2", variables=first.variables))
        assert second.sounds == ["/sounds/en/main-menu", "/sounds/en/transferring"]
        assert second.variables["CTI_QUEUE"] == "bills"

    async def test_person_is_not_asked_for_twice(self, tmp_path: Path) -> None:
        kept = {"CTI_FLOW_STATE": "v2/main/repairs/zh-CN/0/1/0/", "CTI_PERSON_ASKED": "1"}
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(variables=kept))
        assert _mark_names(caller) == ["prompt-ended", "queued"]

    @pytest.mark.parametrize(
        "kept",
        [
            "v2/main/gone/en/0/1/0/",
            "v2/other/main-menu/en/0/1/0/",
            "v2/main/main-menu/fr/0/1/0/",
            "v9/main/main-menu/en/0/1/0/",
            "v2/main/main-menu/en/0/1/0/!!",
            "v2/main/main-menu/en/0/1/0/bm9uZQ",
            "hangup",
            "HANGUP",
            "result=-1 (hangup)",
            "x" * 3000,
        ],
    )
    async def test_state_that_does_not_fit_starts_again(self, tmp_path: Path, kept: str) -> None:
        async with hotline(tmp_path) as server:
            caller = await call(server, Caller(keys="1", variables={"CTI_FLOW_STATE": kept}))
        assert caller.sounds == ["/sounds/zh-CN/greeting", TRANSFERRING]

    async def test_killed_at_any_command_the_call_still_reaches_its_queue_once(
        self, tmp_path: Path
    ) -> None:
        """Whatever the moment, the next daemon brings the caller to the queue they chose."""
        async with hotline(tmp_path) as server:
            whole = await call(server, Caller(keys="-1"))
            for moment in range(len(whole.commands)):
                caller = Caller(keys="-1", hangs_up_at=moment)
                caller = await call(server, caller)
                if caller.variables.get("CTI_NEXT") == "queue":
                    continue
                again = Caller(keys="1", variables=caller.variables)
                again = await call(server, again)
                assert again.variables["CTI_QUEUE"] == "repairs", moment
                assert again.variables["CTI_NEXT"] == "queue", moment


class TestHangUp:
    @pytest.mark.parametrize(
        "form",
        [
            "200 result=-1\nHANGUP",
            "HANGUP\n200 result=-1",
            "HANGUP",
            "511 Command Not Permitted on a dead channel or intercept routine",
            "",
        ],
        ids=["result then HANGUP", "HANGUP then result", "HANGUP", "dead channel", "closed"],
    )
    async def test_at_every_command_the_session_closes(self, tmp_path: Path, form: str) -> None:
        async with hotline(tmp_path) as server:
            whole = await call(server, Caller(keys="-97--1"))
            for moment in range(len(whole.commands)):
                caller = Caller(keys="-97--1", variables={"CTI_CALL": "c", "CTI_HOTLINE": "12345"})
                async with AgiPeer(server.port) as peer:
                    peer.open()
                    for _ in range(moment):
                        line = await peer.command()
                        assert line is not None
                        peer.answer(str(caller.answer(line)))
                    assert await peer.command() == whole.lines[moment].replace("jt1-1.1", "c")
                    if form:
                        peer.answer(form)
                    else:
                        peer.close()
                    # At most one more: the channel's state after a sound's -1, or the command
                    # that finds HANGUP in its answer's place.
                    if form and await peer.command() is not None:
                        assert await peer.closed()
            async with AgiPeer(server.port) as peer:
                peer.open()
                assert await peer.command() == "GET VARIABLE CTI_CALL"


class TestStages:
    """A flow after the talk, a flow that a seat has sent the caller to, an offer while waiting."""

    def _flow(self, name: str, *steps: Step) -> Flow:
        return Flow(
            id=name,
            languages=("zh-CN", "en"),
            start=steps[0].id,
            steps={step.id: step for step in steps},
        )

    async def test_survey_in_the_callers_language(self, tmp_path: Path) -> None:
        ask = Score(
            id="ask", survey="service", say=recorded("main-menu"), next="bye", otherwise="bye"
        )
        flows = (
            self._flow("main", Hangup(id="bye")),
            self._flow("after", ask, Hangup(id="bye", say=recorded("goodbye"))),
        )
        async with hotline(tmp_path, *flows) as server:
            channel = {"CTI_STAGE": "after", "CTI_LANG": "en"}
            caller = await call(server, Caller(keys="5", variables=channel))
        assert caller.sounds == ["/sounds/en/main-menu", "/sounds/en/goodbye"]
        score = next(mark for mark in caller.marks if mark["Mark"] == "survey-score")
        assert (score["Survey"], score["Score"]) == ("service", "5")

    async def test_flow_from_a_seat_leads_back_to_it(self, tmp_path: Path) -> None:
        visit = self._flow("visit", Return(id="back"))
        async with hotline(tmp_path, self._flow("main", Hangup(id="bye")), visit) as server:
            channel = {"CTI_STAGE": "seat", "CTI_FLOW": "visit"}
            caller = await call(server, Caller(variables=channel))
        assert caller.variables["CTI_NEXT"] == "seat"

    async def test_flow_written_since_the_call_began_is_found(self, tmp_path: Path) -> None:
        library = recordings(tmp_path)
        line = Queue(id="line", queue="service", priority=5)
        books = [FlowBook.of(self._flow("main", line))]
        conversations = Conversations(equipment(tmp_path, library, None), lambda: books[-1])
        async with serving(conversations.hold) as server:
            await call(server, Caller())
            books.append(FlowBook.of(self._flow("main", line), self._flow("new", Return(id="r"))))
            channel = {"CTI_STAGE": "seat", "CTI_FLOW": "new"}
            caller = await call(server, Caller(variables=channel))
        assert caller.variables["CTI_NEXT"] == "seat"

    async def test_key_in_the_waiting_room_leads_to_its_offer_and_back(
        self, tmp_path: Path
    ) -> None:
        line = Queue(
            id="line",
            queue="service",
            priority=5,
            offers={"1": "look"},
            offer_say=recorded("main-menu"),
        )
        look = Play(id="look", say=recorded("greeting"), next="back")
        flow = self._flow("main", line, look, Return(id="back"))
        async with hotline(tmp_path, flow) as server:
            first = await call(server, Caller())
            assert first.variables["CTI_OFFER_1"] == "1"
            assert first.variables["CTI_OFFER_SAY"] == "/sounds/zh-CN/main-menu"
            back = Caller(variables=first.variables | {"CTI_WAIT_KEY": "1", "CTI_NEXT": ""})
            second = await call(server, back)
        assert second.sounds == ["/sounds/zh-CN/greeting"]
        assert "queued" not in _mark_names(second)
        assert (second.variables["CTI_NEXT"], second.variables["CTI_WAIT_KEY"]) == ("queue", "")

    async def test_outside_number_that_is_busy_brings_the_caller_back(self, tmp_path: Path) -> None:
        out = Transfer(id="out", to="police", say=recorded("transferring"), failed="bye")
        flow = self._flow("main", out, Hangup(id="bye", say=recorded("goodbye")))
        async with hotline(tmp_path, flow) as server:
            first = await call(server, Caller())
            assert first.variables["CTI_OUTSIDE"] == "police"
            assert first.variables["CTI_NEXT"] == "outside"
            back = Caller(variables=first.variables | {"CTI_DIALLED": "busy"})
            second = await call(server, back)
        assert second.sounds == ["/sounds/zh-CN/goodbye"]


class TestLookingUp:
    async def test_pin_is_in_no_command_and_values_are_said(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pin = Identify(
            id="pin",
            say=recorded("main-menu"),
            service="billing",
            path=Template.read("/accounts/7/pin"),
            next="bill",
            otherwise="bye",
            failed="bye",
        )
        bill = LookUp(
            id="bill",
            service="billing",
            path=Template.read("/accounts/7"),
            into={"balance": "/balance"},
            next="say",
            not_found="bye",
            failed="bye",
        )
        say = Play(id="say", say=(Text({"zh-CN": (Value("balance", "amount"),)}),), next="bye")
        bye = Hangup(id="bye")
        flow = Flow(
            id="main",
            languages=("zh-CN",),
            start="pin",
            steps={step.id: step for step in (pin, bill, say, bye)},
        )
        lookups = ScriptedLookups([LookupFound(), LookupFound({"balance": "12.50"})])
        async with hotline(tmp_path, flow, lookups=lookups) as server:
            caller = await call(server, Caller(keys="9753#"))
        assert lookups.asked[0].pin is not None
        assert lookups.asked[0].pin.reveal() == "9753"
        assert caller.sounds[-1] == "/sounds/zh-CN/spell"
        assert not [line for line in caller.lines if "9753" in line]
        assert "9753" not in capsys.readouterr().out

    async def test_message_is_told_with_its_file(self, tmp_path: Path) -> None:
        leave = Message(id="leave", box="main", confirm=False, next="bye", otherwise="bye")
        flow = Flow(
            id="main",
            languages=("zh-CN",),
            start="leave",
            steps={"leave": leave, "bye": Hangup(id="bye")},
        )
        async with hotline(tmp_path, flow) as server:
            caller = await call(server, Caller())
        left = next(mark for mark in caller.marks if mark["Mark"] == "message-left")
        assert (left["Box"], left["Seconds"]) == ("main", "3.00")
        assert left["File"].startswith("msg--jt1-1.1--main--")
