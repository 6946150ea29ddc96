"""Steps that say something: play, notices, language, hangup."""

from __future__ import annotations

from ivr_flows.actions import Action, EndCall, KeyPressed, LanguageChosen, Outcome, Speak, Words
from ivr_flows.model import KEYS
from ivr_flows.notices import heard_by
from ivr_flows.steps import OTHER_LANGUAGE, Hangup, Play, PlayNotices, SwitchLanguage
from ivr_flows.walk import Walk


def enter_play(walk: Walk, step: Play) -> Action | None:
    if step.barge_in and walk.typed_ahead:
        walk.go(step.next, "next")
        return None
    return Speak(utterance=walk.say(step.say), barge_in=step.barge_in)


def leave_play(walk: Walk, step: Play, outcome: Outcome) -> Action | None:
    keep_key(walk, outcome)
    walk.go(step.next, "next")
    return None


def keep_key(walk: Walk, outcome: Outcome) -> None:
    """A key that cut something short belongs to the next question."""
    if isinstance(outcome, KeyPressed) and outcome.key in KEYS:
        walk.take_typed_ahead(outcome.key)


def enter_notices(walk: Walk, step: PlayNotices) -> Action | None:
    area = walk.values.get(step.area, "") if step.area else ""
    notices = heard_by(walk.world.notices, area or None, walk.world.now)
    main = walk.flow.languages[0]
    said: list[Words] = []
    walk.part = "go-on"
    for notice in notices:
        text = notice.texts.get(walk.language) or notice.texts.get(main)
        said.append(Words(text or next(iter(notice.texts.values()))))
        if notice.then != "go-on":
            walk.part = notice.then
            break
    if not said:
        walk.go(step.next, "next")
        return None
    # What concerns safety is heard to its end.
    urgent = any(notice.kind == "emergency" for notice in notices)
    return Speak(utterance=tuple(said), barge_in=not urgent)


def leave_notices(walk: Walk, step: PlayNotices, outcome: Outcome) -> Action | None:
    keep_key(walk, outcome)
    if walk.part == "hang-up":
        walk.typed_ahead = ""
        return EndCall(utterance=())
    if walk.part == "person" and step.person is not None:
        walk.go(step.person, "person")
    else:
        walk.go(step.next, "next")
    return None


def enter_language(walk: Walk, step: SwitchLanguage) -> Action | None:
    old = walk.language
    walk.language = walk.flow.other_language(old) if step.to == OTHER_LANGUAGE else step.to
    walk.tell(LanguageChosen(walk.language))
    walk.go(step.next, "next")
    return None


def enter_hangup(walk: Walk, step: Hangup) -> Action | None:
    walk.typed_ahead = ""
    return EndCall(utterance=walk.say(step.say))
