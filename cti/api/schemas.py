"""What goes over the wire. Times end in `_us`: microseconds since the epoch, null when the call
has not come that far. Fields that we do not know are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cti.api.port import Language, Outcome, Role
from cti.facts import CallPhase, DeviceState, EndedBy, SeatState, TransferTo
from ivr_flows.notices import NoticeKind, Then

_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
MAX_US = 9_007_199_254_740_991
"""2^53 - 1: every JSON reader keeps it exact (RFC 8259, section 6)."""

TimeUs = Annotated[int, Field(ge=0, le=MAX_US)]
SeatName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
CallName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
CallbackName = Annotated[str, Field(pattern=r"^back[.][A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def speakable(value: str) -> str:
    """JSON can carry what UTF-8 cannot (a lone surrogate); it must not reach a log or Asterisk."""
    value.encode("utf-8")
    return value


Line = Annotated[str, Field(min_length=1, pattern=_NO_CONTROLS), AfterValidator(speakable)]


class Received(BaseModel):
    """From outside: strict types, no unknown field."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Received):
    pass


class NoBody(Received):
    """Nothing, or an empty object."""


class LoginBody(Received):
    user: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
    password: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(speakable)]


class SignOnBody(Received):
    device: Annotated[
        str,
        Field(
            pattern=r"^(PJSIP/[A-Za-z0-9_.-]{1,64})?$",
            description="One of the seat's devices; empty: its usual one.",
        ),
    ] = ""


class PauseBody(Received):
    reason: Annotated[Line, Field(max_length=64)]


class FlowBody(Received):
    flow: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class TransferBody(Received):
    """One of the four."""

    queue: QueueName | None = None
    seat: SeatName | None = None
    outside: Annotated[
        QueueName | None, Field(description="A number of the site's list, by its name there.")
    ] = None
    flow: QueueName | None = None

    @model_validator(mode="after")
    def _one(self) -> TransferBody:
        if len(self._named()) != 1:
            raise ValueError("must name a queue, a seat, a number outside or a flow: one of them")
        return self

    def _named(self) -> list[tuple[TransferTo, str]]:
        targets: tuple[tuple[TransferTo, str | None], ...] = (
            ("queue", self.queue),
            ("seat", self.seat),
            ("outside", self.outside),
            ("flow", self.flow),
        )
        return [(to, name) for to, name in targets if name is not None]

    @property
    def chosen(self) -> tuple[TransferTo, str]:
        """What kind of target, and its name."""
        return self._named()[0]


class CallQuery(Received):
    language: Language = "zh-CN"


class CallsQuery(BaseModel):
    """Not strict: a query string has only text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    queue: QueueName | None = None
    seat: SeatName | None = None
    outcome: Outcome | None = None
    number: Annotated[
        str | None, Field(pattern=r"^[+]?[0-9]{1,20}$", description="The whole number.")
    ] = None
    from_: Annotated[
        TimeUs | None, Field(alias="from", description="Arrived at or after, microseconds.")
    ] = None
    to: Annotated[TimeUs | None, Field(description="Arrived before, microseconds.")] = None
    state: Annotated[
        Literal["live", "past", "any"], Field(description="Calls going on, calls over, or both.")
    ] = "any"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,200}$",
            description="`next` of the page before; keep the other parameters the same.",
        ),
    ] = None


class TokenAnswer(Sent):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(description="Seconds from now.")]
    expires_us: TimeUs
    user: str
    role: Role
    seat: str | None


class MeAnswer(Sent):
    user: str
    role: Role
    seat: str | None
    expires_us: TimeUs


class SeatAnswer(Sent):
    seat: str
    name: str
    device: str
    queues: list[str]
    state: SeatState
    since_us: TimeUs
    reason: str
    call: Annotated[str | None, Field(description="Null, too, when it is not for your role.")]
    until_us: Annotated[TimeUs | None, Field(description="When the state ends by itself.")]
    device_state: DeviceState
    contacts: Annotated[
        list[str] | None,
        Field(description="Other contacts in its hand; null when not for your role."),
    ]


class SeatsAnswer(Sent):
    seats: list[SeatAnswer]


class QueueAnswer(Sent):
    queue: str
    name: Annotated[dict[str, str], Field(description="Language tag to name.")]
    waiting: Annotated[int, Field(ge=0)]
    longest_wait_us: Annotated[int, Field(ge=0, description="0 when nobody waits.")]
    estimated_wait_us: Annotated[
        int | None,
        Field(ge=0, description="For a caller who came now; null when no seat is there."),
    ]
    seats_ready: Annotated[int, Field(ge=0)]
    seats_signed_on: Annotated[int, Field(ge=0)]
    open: bool
    waiting_calls: Annotated[
        list[str] | None, Field(description="In order of service; null when not for your role.")
    ]


class DoorAnswer(Sent):
    queue: str
    open: bool
    said: Literal["open", "closed", "by-hours"]
    by: Annotated[str | None, Field(description="Who said so; null by hours.")]
    said_us: int | None
    hours: Annotated[str | None, Field(description="Name of its opening hours; null: always.")]
    until_us: Annotated[int | None, Field(description="When its hours change that next.")]


class QueuesAnswer(Sent):
    queues: list[QueueAnswer]


NoticeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
AreaName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
NoticeText = Annotated[Line, Field(max_length=500)]


class NoticeBody(Received):
    kind: NoticeKind
    texts: Annotated[
        dict[Language, NoticeText],
        Field(min_length=1, max_length=2, description="What callers hear, by language."),
    ]
    areas: Annotated[
        list[AreaName],
        Field(max_length=50, description="Areas of the site that it is about; none: all callers."),
    ] = []
    then: Annotated[
        Then, Field(description="What follows: the flow, the end of the call, or a person.")
    ] = "go-on"
    from_us: TimeUs | None = None
    until_us: TimeUs | None = None


class NoticeAnswer(Sent):
    notice: NoticeName
    kind: NoticeKind
    texts: Annotated[dict[str, str], Field(description="What callers hear, by language.")]
    areas: list[AreaName]
    then: Then
    on: Annotated[bool, Field(description="Callers hear it, within its time.")]
    from_us: TimeUs | None
    until_us: TimeUs | None
    changed_us: TimeUs
    changed_by: str
    texts_without_voice: Annotated[
        int, Field(description="Texts that nobody can speak yet; callers hear a stand-in.")
    ]


class NoticesAnswer(Sent):
    notices: list[NoticeAnswer]


class CallbackAnswer(Sent):
    callback: str
    call: Annotated[str, Field(description="In which it was booked.")]
    queue: str
    number: str
    number_masked: bool
    state: Annotated[
        Literal["held", "due", "ringing", "dialling", "reached", "resting"],
        Field(
            description="held: the caller is on the line still. due: has its place in line. "
            "ringing: a seat is rung. dialling: the customer is. reached: they have "
            "answered and wait for the seat. resting: not reached, waits."
        ),
    ]
    since_us: Annotated[TimeUs, Field(description="The place in line: since then they waited.")]
    booked_us: TimeUs
    attempts: Annotated[int, Field(ge=0, description="How often they were rung in vain.")]
    not_before_us: Annotated[TimeUs | None, Field(description="The next attempt, when resting.")]


class CallbacksAnswer(Sent):
    callbacks: Annotated[list[CallbackAnswer], Field(description="In the order of their places.")]


class CallbackCancelledAnswer(Sent):
    callback: str
    cancelled: Literal[True] = True


class CallAnswer(Sent):
    call: str
    live: bool
    phase: CallPhase
    outcome: Annotated[Outcome | None, Field(description="Null while the call is going on.")]
    ended_by: EndedBy | None
    hotline: str
    caller_number: str
    number_masked: bool
    queue: str | None
    seat: Annotated[str | None, Field(description="Rings or talks now, or answered first.")]
    language: str
    arrived_us: TimeUs
    asked_us: TimeUs | None
    prompt_ended_us: TimeUs | None
    answered_us: TimeUs | None
    ended_us: TimeUs | None
    wait_us: Annotated[
        int | None, Field(description="From the end of the prompt to answer or hang-up.")
    ]
    talk_us: int | None
    flow: Annotated[
        str | None, Field(description="Where the seat has sent the caller, while in-flow.")
    ]
    score: Annotated[
        int | None, Field(ge=0, description="From the survey after the call, once it is over.")
    ]


class CallsAnswer(Sent):
    calls: list[CallAnswer]
    next: Annotated[str | None, Field(description="Cursor of the next page; null on the last.")]


class FactAnswer(Sent):
    kind: Annotated[str, Field(description="Name of the fact, e.g. CallQueued.")]
    at_us: TimeUs
    data: dict[str, Any]


class TimelineAnswer(FactAnswer):
    text: Annotated[str, Field(description="A sentence for people in the language asked for.")]


class CallDetailAnswer(Sent):
    call: CallAnswer
    timeline: list[TimelineAnswer]


class AliveAnswer(Sent):
    status: Literal["alive"] = "alive"


class ReadyAnswer(Sent):
    status: Literal["ready"] = "ready"
    ami_link: str
    database: str
    plans_on: Annotated[list[str], Field(description="Emergency plans, the strongest last.")] = []
    warnings: Annotated[
        list[str], Field(description="What of site file, plans and changes does not count.")
    ] = []


class FieldErrorAnswer(Sent):
    detail: str
    pointer: Annotated[str, Field(description="JSON pointer into the body (RFC 6901).")] = ""
    parameter: Annotated[str, Field(description="Name of the query parameter.")] = ""


class ProblemAnswer(Sent):
    """RFC 9457."""

    type: Annotated[str, Field(description="urn:jietong:problem:CODE")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: Annotated[str, Field(description="Names this one occurrence, also in the log.")] = ""
    errors: list[FieldErrorAnswer] = []
    missing: Annotated[list[str], Field(description="What a daemon that is not ready lacks.")] = []
