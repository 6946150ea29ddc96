"""The YAML form of a flow: one schema for each kind of step.

Schemas check one step by itself and make its model; what holds between steps is checked in
`ivr_flows.checks`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ivr_flows import steps
from ivr_flows.conditions import Condition
from ivr_flows.fields import (
    Attempts,
    Days,
    Key,
    LanguageTag,
    Name,
    PathField,
    SayField,
    Seconds,
    Span,
    TemplateField,
    ValueName,
    listed,
    once,
)
from ivr_flows.model import Relaxation, Step
from ivr_flows.says import Kind
from ivr_flows.site_parts import SiteParts
from ivr_flows.templates import Template

Digit = Annotated[int, Field(ge=0, le=9)]
Pointer = Annotated[str, Field(pattern=r"^(/([^~/]|~[01])*)*$", max_length=200)]
TimeoutSeconds = Annotated[float, Field(ge=0.1, le=10)]


class StepSchema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    do: str

    def step(self, step_id: str, site: SiteParts) -> Step:
        """The model of this step, in a flow of `site`."""
        raise NotImplementedError


class PlaySchema(StepSchema):
    """Say something and go on."""

    do: Literal["play"]
    say: SayField
    next: Name
    barge_in: bool = True

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Play(id=step_id, say=self.say, next=self.next, barge_in=self.barge_in)


class MenuSchema(StepSchema):
    """Ask for one key."""

    do: Literal["menu"]
    say: SayField
    keys: Annotated[dict[Key, Name], Field(min_length=1), BeforeValidator(once)]
    otherwise: Name
    repeat: Key | None = None
    wrong_key: SayField = steps.WRONG_KEY
    no_key: SayField = steps.NO_KEY
    attempts: Attempts = 3
    wait_seconds: Seconds = 5.0
    barge_in: bool = True
    private: bool = False

    @model_validator(mode="after")
    def _repeat_is_free(self) -> MenuSchema:
        if self.repeat in self.keys:
            raise ValueError(f"the key {self.repeat!r} repeats the menu and is a choice, too")
        return self

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Menu(
            id=step_id,
            say=self.say,
            choices=self.keys,
            otherwise=self.otherwise,
            repeat_key=self.repeat,
            wrong_key=self.wrong_key,
            no_key=self.no_key,
            attempts=self.attempts,
            wait_s=self.wait_seconds,
            barge_in=self.barge_in,
            private=self.private,
        )


class DigitsSchema(StepSchema):
    """Ask for digits and keep them in a value."""

    do: Literal["digits"]
    say: SayField
    into: ValueName
    min: Annotated[int, Field(ge=1, le=32)] = 1
    max: Annotated[int, Field(ge=1, le=32)]
    end_key: Key | None = "#"
    check: steps.CheckDigit | None = None
    confirm: bool = False
    read_as: Kind = "digits"
    next: Name
    otherwise: Name
    wrong: SayField = steps.NOT_VALID
    too_short: SayField = steps.TOO_SHORT
    no_key: SayField = steps.NO_KEY
    attempts: Attempts = 3
    wait_seconds: Seconds = 5.0
    between_seconds: Seconds = 4.0
    barge_in: bool = True
    private: bool | None = None

    @model_validator(mode="after")
    def _fits(self) -> DigitsSchema:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        if self.check == "id-card" and (self.min, self.max, self.end_key) != (18, 18, "#"):
            raise ValueError("an identity number has 18 characters: min 18, max 18, end_key '#'")
        if self.private and self.confirm:
            raise ValueError(
                "what is private is not said back: confirm and private do not go together"
            )
        return self

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Digits(
            id=step_id,
            say=self.say,
            into=self.into,
            least=self.min,
            most=self.max,
            end_key=self.end_key,
            check=self.check,
            confirm=self.confirm,
            read_as=self.read_as,
            next=self.next,
            otherwise=self.otherwise,
            wrong=self.wrong,
            too_short=self.too_short,
            no_key=self.no_key,
            attempts=self.attempts,
            wait_s=self.wait_seconds,
            between_s=self.between_seconds,
            barge_in=self.barge_in,
            # Numbers that have check digits are cards and identity numbers.
            private=self.check is not None and not self.confirm
            if self.private is None
            else self.private,
        )


class LanguageSchema(StepSchema):
    """From here on speak another language."""

    do: Literal["language"]
    to: Annotated[str, Field(max_length=16)]
    next: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.SwitchLanguage(id=step_id, to=self.to, next=self.next)


class HoursSchema(StepSchema):
    """Go by the site's opening hours."""

    do: Literal["hours"]
    hours: Name
    open: Name
    closed: Name
    holiday: Name | None = None

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.CheckHours(
            id=step_id, hours=self.hours, open=self.open, closed=self.closed, holiday=self.holiday
        )


class NoticesSchema(StepSchema):
    """Say the notices that are switched on."""

    do: Literal["notices"]
    area: ValueName | None = None
    next: Name
    person: Name | None = None

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.PlayNotices(id=step_id, area=self.area, next=self.next, person=self.person)


class LookUpSchema(StepSchema):
    """Ask a service of the site."""

    do: Literal["lookup"]
    service: Name
    path: PathField
    query: Annotated[dict[ValueName, TemplateField], Field(max_length=10)] = {}
    into: Annotated[dict[ValueName, Pointer], Field(max_length=20)] = {}
    timeout_seconds: TimeoutSeconds | None = None
    meanwhile: SayField = steps.MEANWHILE
    next: Name
    not_found: Name
    failed: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.LookUp(
            id=step_id,
            service=self.service,
            path=self.path,
            query=self.query,
            into=self.into,
            timeout_s=self.timeout_seconds,
            meanwhile=self.meanwhile,
            next=self.next,
            not_found=self.not_found,
            failed=self.failed,
        )


class IdentifySchema(StepSchema):
    """Ask for a PIN and have a service check it."""

    do: Literal["identify"]
    say: SayField
    service: Name
    path: PathField
    min: Annotated[int, Field(ge=3, le=16)] = 4
    max: Annotated[int, Field(ge=3, le=16)] = 6
    end_key: Key | None = "#"
    wrong: SayField = steps.WRONG_PIN
    locked: SayField = steps.LOCKED
    no_key: SayField = steps.NO_KEY
    attempts: Annotated[int, Field(ge=1, le=5)] = 3
    wait_seconds: Seconds = 6.0
    between_seconds: Seconds = 4.0
    timeout_seconds: TimeoutSeconds | None = None
    next: Name
    otherwise: Name
    failed: Name

    @model_validator(mode="after")
    def _fits(self) -> IdentifySchema:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Identify(
            id=step_id,
            say=self.say,
            service=self.service,
            path=self.path,
            least=self.min,
            most=self.max,
            end_key=self.end_key,
            wrong=self.wrong,
            locked=self.locked,
            no_key=self.no_key,
            attempts=self.attempts,
            wait_s=self.wait_seconds,
            between_s=self.between_seconds,
            timeout_s=self.timeout_seconds,
            next=self.next,
            otherwise=self.otherwise,
            failed=self.failed,
        )


class SetSchema(StepSchema):
    """Set values of the call; queue, priority, skills, class, seat and customer count for the
    routing."""

    do: Literal["set"]
    values: Annotated[dict[ValueName, TemplateField], Field(min_length=1, max_length=20)]
    next: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.SetValues(id=step_id, values=self.values, next=self.next)


class MessageSchema(StepSchema):
    """Record a message."""

    do: Literal["message"]
    box: Name
    say: SayField = steps.AFTER_TONE
    max_seconds: Annotated[float, Field(ge=2, le=600)] = 120
    silence_seconds: Annotated[float, Field(ge=1, le=30)] = 4
    confirm: bool = True
    sent: SayField = steps.MESSAGE_SENT
    attempts: Attempts = 3
    next: Name
    otherwise: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Message(
            id=step_id,
            box=self.box,
            say=self.say,
            most_s=self.max_seconds,
            silence_s=self.silence_seconds,
            confirm=self.confirm,
            sent=self.sent,
            attempts=self.attempts,
            next=self.next,
            otherwise=self.otherwise,
        )


class CallbackSchema(StepSchema):
    """Book a call back; the place in line is kept."""

    do: Literal["callback"]
    queue: Name | None = None
    number: TemplateField = Template.read("{caller}")
    say: SayField = steps.BOOKED
    next: Name
    otherwise: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Callback(
            id=step_id,
            queue=self.queue,
            number=self.number,
            say=self.say,
            next=self.next,
            otherwise=self.otherwise,
        )


class TransferSchema(StepSchema):
    """Put the caller through to an outside number of the site's list."""

    do: Literal["transfer"]
    to: Name
    say: SayField = steps.DIALLING
    failed: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Transfer(id=step_id, to=self.to, say=self.say, failed=self.failed)


class ScoreSchema(StepSchema):
    """One question of the satisfaction survey."""

    do: Literal["score"]
    survey: Name = "service"
    say: SayField
    lowest: Digit = 1
    highest: Digit = 5
    wrong_key: SayField = steps.WRONG_KEY
    attempts: Attempts = 2
    wait_seconds: Seconds = 6.0
    next: Name
    otherwise: Name

    @model_validator(mode="after")
    def _fits(self) -> ScoreSchema:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest}) is not below highest ({self.highest})")
        return self

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Score(
            id=step_id,
            survey=self.survey,
            say=self.say,
            lowest=self.lowest,
            highest=self.highest,
            wrong_key=self.wrong_key,
            attempts=self.attempts,
            wait_s=self.wait_seconds,
            next=self.next,
            otherwise=self.otherwise,
        )


class SubFlowSchema(StepSchema):
    """Run another flow and come back."""

    do: Literal["flow"]
    flow: Name
    next: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.SubFlow(id=step_id, flow=self.flow, next=self.next)


class ReturnSchema(StepSchema):
    """Back to where this flow was called from: a flow, the line, or a seat."""

    do: Literal["return"]

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Return(id=step_id)


class WhenSchema(BaseModel):
    """All that is written here must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    language: LanguageTag | None = None
    caller: Annotated[
        list[Annotated[str, Field(pattern=r"^(unknown|[0-9*?+]{1,20})$")]], BeforeValidator(listed)
    ] = []
    time: Span | None = None
    days: Days | None = None
    hours: Name | None = None
    queue: Name | None = None
    waiting_over: Annotated[int, Field(ge=0)] | None = None
    wait_over_seconds: Annotated[float, Field(ge=0)] | None = None
    staffed: bool | None = None
    value: ValueName | None = None
    is_: Annotated[
        list[str], BeforeValidator(lambda value: [str(one) for one in listed(value)])
    ] = Field(default=[], alias="is")
    over: Decimal | None = None
    under: Decimal | None = None
    known: bool | None = None

    @model_validator(mode="after")
    def _fits(self) -> WhenSchema:
        if not self.model_fields_set:
            raise ValueError("says nothing; what must hold?")
        about_queue = (self.waiting_over, self.wait_over_seconds, self.staffed)
        if (self.queue is None) != all(part is None for part in about_queue):
            raise ValueError("queue goes with waiting_over, wait_over_seconds or staffed")
        about_value = (self.is_ or None, self.over, self.under, self.known)
        if (self.value is None) != all(part is None for part in about_value):
            raise ValueError("value goes with is, over, under or known")
        return self

    def condition(self, site: SiteParts) -> Condition:
        return Condition(
            language=self.language,
            caller=tuple(self.caller),
            between=self.time,
            weekdays=self.days or frozenset(),
            zone=site.zone,
            hours=self.hours,
            queue=self.queue,
            waiting_over=self.waiting_over,
            wait_over_s=self.wait_over_seconds,
            staffed=self.staffed,
            value=self.value,
            is_in=tuple(self.is_),
            over=self.over,
            under=self.under,
            known=self.known,
        )


class CaseSchema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    when: WhenSchema
    then: Name


class IfSchema(StepSchema):
    """The first case that holds decides."""

    do: Literal["if"]
    cases: Annotated[list[CaseSchema], Field(min_length=1, max_length=20)]
    otherwise: Name

    def step(self, step_id: str, site: SiteParts) -> Step:
        cases = (steps.Case(case.when.condition(site), case.then) for case in self.cases)
        return steps.If(id=step_id, cases=tuple(cases), otherwise=self.otherwise)


SkillNeed = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}(:[1-9])?$")]
"""A skill, and the level that it must have at least: 1 when none is said."""


class QueueSchema(StepSchema):
    """The caller waits for a person."""

    do: Literal["queue"]
    queue: Name | None = None
    priority: Digit | None = None
    skills: Annotated[list[SkillNeed], Field(max_length=10)] = []
    say: SayField = ()
    offers: Annotated[dict[Digit, Name], BeforeValidator(once)] = {}
    offer_say: SayField = ()

    @model_validator(mode="after")
    def _fits(self) -> QueueSchema:
        if bool(self.offers) != bool(self.offer_say):
            raise ValueError("offers and offer_say go together: what is offered must be said")
        return self

    def step(self, step_id: str, site: SiteParts) -> Step:
        own = self.priority
        return steps.Queue(
            id=step_id,
            queue=self.queue,
            priority=site.queues.get(self.queue or "", 5) if own is None else own,
            skills=tuple(self.skills),
            say=self.say,
            offers={str(key): target for key, target in self.offers.items()},
            offer_say=self.offer_say,
        )


class HangupSchema(StepSchema):
    """Say good-bye and end the call."""

    do: Literal["hangup"]
    say: SayField = ()

    def step(self, step_id: str, site: SiteParts) -> Step:
        return steps.Hangup(id=step_id, say=self.say)


STEP_SCHEMAS: Final[dict[str, type[StepSchema]]] = {
    "play": PlaySchema,
    "menu": MenuSchema,
    "digits": DigitsSchema,
    "language": LanguageSchema,
    "hours": HoursSchema,
    "notices": NoticesSchema,
    "lookup": LookUpSchema,
    "identify": IdentifySchema,
    "set": SetSchema,
    "message": MessageSchema,
    "callback": CallbackSchema,
    "transfer": TransferSchema,
    "score": ScoreSchema,
    "flow": SubFlowSchema,
    "return": ReturnSchema,
    "if": IfSchema,
    "queue": QueueSchema,
    "hangup": HangupSchema,
}


class RelaxSchema(BaseModel):
    """A rule of `cti ivr lint` that this flow does not keep, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[str, Field(max_length=64)]
    step: Name | None = None
    why: Annotated[str, Field(max_length=500)] = ""


class FlowSchema(BaseModel):
    """The file as a whole; each step is checked by its own schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: Annotated[list[LanguageTag], Field(min_length=1, max_length=16)]
    start: Name
    steps: Annotated[dict[Name, dict[Any, Any]], Field(min_length=1, max_length=20_000)]
    relax: Annotated[list[RelaxSchema], Field(max_length=100)] = []

    def relaxed(self) -> tuple[Relaxation, ...]:
        """Rules that are not kept, as the model has them."""
        return tuple(Relaxation(rule=one.rule, step=one.step, why=one.why) for one in self.relax)
