"""Any reports in any order: the cores never raise, never ask for ever, and decide the same again.

Ids come from small pools, so that reports meet; what Asterisk would never say is among them.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cti.brain import Step
from cti.effects import OriginateSeat
from cti.facts import (
    AgiCommandEnded,
    BridgeJoined,
    BridgeLeft,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelRang,
    ChannelSeen,
    DeviceChanged,
    DeviceState,
    EffectFailed,
    EngineStarted,
    FlowMarked,
    FlowWish,
    LinkLost,
    MemberSeen,
    MonitorNoted,
    MonitorWish,
    OriginateEnded,
    ReleaseWish,
    Report,
    SeatCommand,
    SeatState,
    SeatStateChanged,
    SnapshotTaken,
    TimePassed,
    TransferWish,
)
from cti.ids import BridgeId, CallId, ChannelId, MonitorId, OfferId, QueueId, SeatId
from tests.unit.story import RING, START, Story, device_of

OFFERS = [f"offer.{seat}.{START + late}" for seat in ("1001", "1002") for late in (0, 1, 2)]
ats = st.sampled_from([START - RING, START, START + 1, START + 2, START + RING, START + 2 * RING])
channels = st.sampled_from([*OFFERS, "18.1", "18.2", "18.3", "19.1", ""]).map(ChannelId)
bridges = st.sampled_from(["", "b1", "b2"]).map(BridgeId)
seats = st.sampled_from(["1001", "1002", "9999"]).map(SeatId)
queues = st.sampled_from(["repairs", "bills", "gone", ""]).map(QueueId)
devices = st.sampled_from(["1001", "1002", "9999"]).map(device_of)
states = st.sampled_from(DeviceState)
contexts = st.sampled_from(
    [
        "from-trunk",
        "from-seat",
        "menu",
        "waiting-room",
        "last-resort",
        "after-call",
        "seat-leg",
        "seat-flow",
        "outside",
    ]
)
names = st.sampled_from(["PJSIP/trunk-1", "PJSIP/1001-00000001", "PJSIP/1002-00000002", ""])
causes = st.sampled_from([0, 16, 17, 19, 20, 999])
texts = st.sampled_from(["", "0", "5", "-1", "x", "٣", str(START)])
variables = st.dictionaries(
    st.sampled_from(
        [
            "CTI_CALL",
            "CTI_QUEUE",
            "CTI_PRIORITY",
            "CTI_T_QUEUED",
            "CTI_ANSWERED",
            "CTI_STAGE",
            "CTI_SEAT_LEG",
            "CTI_SEAT",
            "CTI_WAITING",
            "CTI_DIALLED_AT",
        ]
    ),
    st.one_of(channels, texts, queues, st.sampled_from(["after", "seat"])),
).map(lambda kept: tuple(kept.items()))
marks = st.sampled_from(
    [
        "person-asked",
        "prompt-ended",
        "queued",
        "flow-ended",
        "language",
        "?",
        "seat-lost",
        "outside-dials",
        "outside-failed",
        "wait-key",
        "wait-again",
    ]
)
changes = st.builds(
    SeatStateChanged,
    at=ats,
    seat=seats,
    old=st.sampled_from(SeatState),
    new=st.sampled_from(SeatState),
    until=st.one_of(st.none(), ats),
)


@st.composite
def channel_seen(draw: st.DrawFn) -> ChannelSeen:
    id_ = draw(channels)
    kept = dict(draw(variables))
    if draw(st.booleans()):
        kept["CTI_CALL"] = str(id_)
    return ChannelSeen(
        channel=id_,
        name=draw(names),
        linked=draw(channels),
        context=draw(contexts),
        application="",
        up=draw(st.booleans()),
        bridge=draw(bridges),
        caller_number="",
        caller_name="",
        variables=tuple(kept.items()),
    )


def reports() -> SearchStrategy[Report]:
    about_channel = [
        st.builds(kind, at=ats, channel=channels) for kind in (ChannelRang, ChannelAnswered)
    ]
    hang_ups = [
        st.builds(kind, at=ats, channel=channels, cause=causes)
        for kind in (ChannelHangupAsked, ChannelHungUp)
    ]
    in_bridge = [
        st.builds(kind, at=ats, bridge=bridges, channel=channels)
        for kind in (BridgeJoined, BridgeLeft)
    ]
    text = st.text(max_size=3)
    return st.one_of(
        *about_channel,
        *hang_ups,
        *in_bridge,
        st.builds(
            ChannelCreated,
            at=ats,
            channel=channels,
            name=names,
            linked=channels,
            context=contexts,
            exten=st.just("12345"),
            caller_number=text,
            caller_name=text,
        ),
        st.builds(
            AgiCommandEnded,
            at=ats,
            channel=channels,
            command=st.sampled_from(["STREAM FILE a 1", "EXEC UserEvent CTI", ""]),
            result=text,
        ),
        st.builds(
            FlowMarked,
            at=ats,
            channel=channels,
            mark=marks,
            data=st.tuples(
                st.tuples(st.just("Queue"), queues), st.tuples(st.just("Priority"), texts)
            ),
        ),
        st.builds(
            OriginateEnded,
            at=ats,
            offer=st.sampled_from(OFFERS).map(OfferId),
            accepted=st.booleans(),
            reason=st.integers(0, 8),
        ),
        st.builds(DeviceChanged, at=ats, device=devices, state=states),
        st.builds(LinkLost, at=ats),
        st.builds(TimePassed, at=ats),
        st.builds(
            EffectFailed,
            at=ats,
            effect=st.sampled_from(["OriginateSeat", "HangUp", "SendToFlow"]),
            subject=st.sampled_from([*OFFERS, "18.1"]),
            reason=st.sampled_from(["refused: no", "no answer"]),
        ),
        st.builds(
            SeatCommand,
            at=ats,
            seat=seats,
            wish=st.sampled_from(["sign-on", "sign-off", "ready", "pause"]),
            reason=st.sampled_from(["", "tea"]),
        ),
        st.builds(
            FlowWish,
            at=ats,
            call=channels.map(lambda id_: CallId(str(id_))),
            flow=st.just("visit"),
            by=st.just("wang"),
            seat=st.sampled_from(["", "1001"]).map(SeatId),
        ),
        st.builds(
            TransferWish,
            at=ats,
            call=channels.map(lambda id_: CallId(str(id_))),
            to=st.sampled_from(["queue", "seat", "outside", "flow"]),
            target=st.just("1001"),
            by=st.just("wang"),
            queue=st.just(QueueId("repairs")),
            seat=st.sampled_from(["", "1001"]).map(SeatId),
        ),
        st.builds(
            MonitorWish,
            at=ats,
            call=channels.map(lambda id_: CallId(str(id_))),
            mode=st.sampled_from(["listen", "whisper", "barge"]),
            by=st.just("li"),
            at_seat=st.sampled_from(["1001", "1002"]).map(SeatId),
            device=st.just("PJSIP/1002"),
        ),
        st.builds(
            MonitorNoted,
            at=ats,
            monitor=channels.map(lambda id_: MonitorId(str(id_))),
            mode=st.just("barge"),
        ),
        st.builds(
            ReleaseWish,
            at=ats,
            call=channels.map(lambda id_: CallId(str(id_))),
            by=st.just("li"),
        ),
        st.builds(EngineStarted, at=ats, version=text, seats=st.tuples(changes)),
        st.builds(
            SnapshotTaken,
            at=ats,
            channels=st.lists(channel_seen(), max_size=4, unique_by=lambda one: one.channel).map(
                tuple
            ),
            members=st.lists(
                st.builds(
                    MemberSeen,
                    queue=queues,
                    seat=seats,
                    device=devices,
                    paused=st.booleans(),
                    reason=text,
                ),
                max_size=3,
            ).map(tuple),
            devices=st.lists(st.tuples(devices, states), max_size=2).map(tuple),
        ),
    )


def one_life(told: list[Report], *, in_use: bool) -> list[Step]:
    story = Story(seats=("1001", "1002"), link=in_use)
    if in_use:
        story.signs_on("1001", "1002")
        story.call_waits()
        story.rings("1001")
        story.call_waits()
    return [story.hear(report) for report in told]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(reports(), max_size=25), st.booleans())
def test_any_reports_in_any_order_are_survived_and_decided_the_same_again(
    told: list[Report], in_use: bool
) -> None:
    steps = one_life(told, in_use=in_use)
    assert repr(steps) == repr(one_life(told, in_use=in_use))
    offers = [
        effect.offer
        for step in steps
        for effect in step.effects
        if isinstance(effect, OriginateSeat)
    ]
    assert len(offers) == len(set(offers)), "an Originate was sent again"
