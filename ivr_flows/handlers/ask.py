"""Steps that ask for keys: menu, digits, score."""

from __future__ import annotations

from ivr_flows.actions import (
    Action,
    AskDigits,
    AskKey,
    DigitsKeyed,
    KeyPressed,
    KeyTaken,
    Outcome,
    Scored,
    Spell,
    Utterance,
)
from ivr_flows.check_digits import CHECKS
from ivr_flows.says import Say
from ivr_flows.steps import CONFIRM_AFTER, CONFIRM_BEFORE, WRONG_KEY, Digits, Menu, Score
from ivr_flows.walk import Walk

# ------------------------------------------------------------------------------------------ menu


def enter_menu(walk: Walk, step: Menu) -> Action | None:
    return _ask(walk, step, None)


def leave_menu(walk: Walk, step: Menu, outcome: Outcome) -> Action | None:
    if isinstance(outcome, KeyPressed):
        return _take(walk, step, outcome.key)
    return _again(walk, step, step.no_key)


def _ask(walk: Walk, step: Menu, why: Say | None) -> Action | None:
    if walk.worn_out:
        walk.go(step.otherwise, "otherwise")
        return None
    if key := walk.next_key():
        return _take(walk, step, key)
    return AskKey(
        utterance=walk.say(why, step.say),
        barge_in=step.barge_in,
        wait_s=step.wait_s,
        private=step.private,
    )


def _take(walk: Walk, step: Menu, key: str) -> Action | None:
    """A menu takes a key, fresh or typed ahead."""
    walk.keys += 1
    if key == step.repeat_key:
        return _ask(walk, step, None)
    target = step.choices.get(key)
    if target is None:
        return _again(walk, step, step.wrong_key)
    if step.private:
        walk.go(target, "keys")
    else:
        walk.tell(KeyTaken(walk.flow.id, step.id, key))
        walk.go(target, f"keys.{key}")
    return None


def _again(walk: Walk, step: Menu, why: Say) -> Action | None:
    """A round without a choice: ask once more, or let the caller through to `otherwise`."""
    walk.attempts += 1
    if walk.attempts >= step.attempts:
        walk.go(step.otherwise, "otherwise")
        return None
    return _ask(walk, step, why)


# ---------------------------------------------------------------------------------------- digits


def enter_digits(walk: Walk, step: Digits) -> Action | None:
    return _ask_digits(walk, step, None)


def leave_digits(walk: Walk, step: Digits, outcome: Outcome) -> Action | None:
    if walk.part == "confirm":
        return _confirmed(walk, step, outcome)
    if isinstance(outcome, DigitsKeyed):
        walk.take_typed_ahead(outcome.ahead)
        return _take_digits(walk, step, outcome)
    return _digits_again(walk, step, step.no_key)


def _ask_digits(walk: Walk, step: Digits, why: Say | None) -> Action | None:
    walk.part = walk.held = ""
    if walk.worn_out:
        walk.go(step.otherwise, "otherwise")
        return None
    digits, complete = typed_digits(walk, step.most, step.end_key)
    if complete:
        return _take_digits(walk, step, DigitsKeyed(digits, ended=True))
    return AskDigits(
        utterance=() if digits else walk.say(why, step.say),
        barge_in=step.barge_in,
        most=step.most,
        end_key=step.end_key,
        wait_s=step.wait_s,
        between_s=step.between_s,
        already=digits,
        private=step.private,
    )


def typed_digits(walk: Walk, most: int, end_key: str | None) -> tuple[str, bool]:
    """Digits typed ahead, and whether they are all; keys behind the last one stay typed ahead."""
    keys = walk.typed_ahead
    end = keys.find(end_key) if end_key else -1
    if 0 <= end <= most:
        walk.typed_ahead = keys[end + 1 :]
        return keys[:end], True
    walk.typed_ahead = keys[most:]
    return keys[:most], len(keys) >= most


def _take_digits(walk: Walk, step: Digits, keyed: DigitsKeyed) -> Action | None:
    walk.keys += 1
    digits = keyed.digits
    if not digits and not keyed.ended:
        return _digits_again(walk, step, step.no_key)
    if len(digits) < step.least:
        return _digits_again(walk, step, step.too_short)
    if step.check is not None:
        # X is keyed as `*` (GB 11643-1999).
        digits = digits.replace("*", "X") if step.check == "id-card" else digits
        if not CHECKS[step.check](digits):
            return _digits_again(walk, step, step.wrong)
    elif not digits.isdigit():
        return _digits_again(walk, step, step.wrong)
    if step.confirm:
        return _ask_confirmation(walk, step, digits)
    return _accept(walk, step, digits)


def _ask_confirmation(
    walk: Walk, step: Digits, digits: str, why: Say | None = None
) -> Action | None:
    walk.part, walk.held = "confirm", digits
    if key := walk.next_key():
        return _confirmed(walk, step, KeyPressed(key))
    read_back: Utterance = (Spell(step.read_as, digits.replace("X", "*")),)
    return AskKey(
        utterance=walk.say(why, CONFIRM_BEFORE) + read_back + walk.say(CONFIRM_AFTER),
        barge_in=True,
        wait_s=step.wait_s,
        private=True,
    )


def _confirmed(walk: Walk, step: Digits, outcome: Outcome) -> Action | None:
    key = outcome.key if isinstance(outcome, KeyPressed) else ""
    walk.keys += 1
    if key == "1":
        return _accept(walk, step, walk.held)
    walk.attempts += 1
    if walk.attempts >= step.attempts or walk.worn_out:
        walk.go(step.otherwise, "otherwise")
        return None
    if key == "2":
        return _ask_digits(walk, step, None)
    return _ask_confirmation(walk, step, walk.held, WRONG_KEY if key else step.no_key)


def _digits_again(walk: Walk, step: Digits, why: Say) -> Action | None:
    walk.attempts += 1
    if walk.attempts >= step.attempts:
        walk.go(step.otherwise, "otherwise")
        return None
    # What was typed on behind a wrong number was meant for the step after it.
    walk.typed_ahead = ""
    return _ask_digits(walk, step, why)


def _accept(walk: Walk, step: Digits, digits: str) -> Action | None:
    if step.private:
        walk.private |= {step.into}
    else:
        walk.private -= {step.into}
        walk.tell(KeyTaken(walk.flow.id, step.id, digits))
    walk.set({step.into: digits})
    walk.go(step.next, "next")
    return None


# ----------------------------------------------------------------------------------------- score


def enter_score(walk: Walk, step: Score) -> Action | None:
    return _ask_score(walk, step, None)


def leave_score(walk: Walk, step: Score, outcome: Outcome) -> Action | None:
    if isinstance(outcome, KeyPressed):
        return _take_score(walk, step, outcome.key)
    return _score_again(walk, step, None)


def _ask_score(walk: Walk, step: Score, why: Say | None) -> Action | None:
    if walk.worn_out:
        walk.go(step.otherwise, "otherwise")
        return None
    if key := walk.next_key():
        return _take_score(walk, step, key)
    return AskKey(utterance=walk.say(why, step.say), barge_in=True, wait_s=step.wait_s)


def _take_score(walk: Walk, step: Score, key: str) -> Action | None:
    walk.keys += 1
    if not key.isdigit() or not step.lowest <= int(key) <= step.highest:
        return _score_again(walk, step, step.wrong_key)
    walk.set({"score": key})
    walk.tell(Scored(step.survey, int(key)))
    walk.go(step.next, "next")
    return None


def _score_again(walk: Walk, step: Score, why: Say | None) -> Action | None:
    walk.attempts += 1
    if walk.attempts >= step.attempts:
        walk.go(step.otherwise, "otherwise")
        return None
    return _ask_score(walk, step, why)
