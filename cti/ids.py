"""Identifiers. Each is a string that a person can read aloud, with a type of its own so that
mypy refuses a seat where a call is meant."""

from typing import NewType

CallId = NewType("CallId", str)
"""The caller channel's Asterisk Uniqueid: known from the first event, alive in Asterisk as long as
the call is, the same before and after a restart of the daemon."""

ChannelId = NewType("ChannelId", str)
"""An Asterisk Uniqueid. For legs that we originate it is our own choice, so that an action whose
answer was lost can be checked instead of repeated."""

OfferId = NewType("OfferId", str)
MonitorId = NewType("MonitorId", str)
"""One offer of one call to one seat; also the ChannelId of the seat's leg of that offer."""

SeatId = NewType("SeatId", str)
QueueId = NewType("QueueId", str)
BridgeId = NewType("BridgeId", str)

CallbackId = NewType("CallbackId", str)
"""A booked callback: one a call."""

ContactId = NewType("ContactId", str)
"""A contact other than a call. In the line it stands under the same name as a CallId."""

OFFER_PREFIX = "offer."
CALLBACK_PREFIX = "callback."
"""Of the leg of a seat that calls a customer back."""
CONTACT_PREFIX = "contact."
CONTACT_OFFER_PREFIX = "contact-offer."
"""Of an offer of a contact: no leg has this name."""
MONITOR_PREFIX = "monitor."
"""Of the channel of a phone that listens to a talk."""
CUSTOMER_PREFIX = "customer."
"""Of the channel of a customer who is called back before a seat is rung."""


def offer_id(seat: SeatId, at_us: int) -> OfferId:
    """The id of an offer made to `seat` at `at_us` (microseconds since the epoch).

    A seat has at most one offer at a time and the loop's time is strictly increasing, so seat and
    time name an offer uniquely across restarts, without a counter that would have to survive them.
    """
    return OfferId(f"{OFFER_PREFIX}{seat}.{at_us}")


def seat_of_offer(channel: ChannelId) -> SeatId | None:
    """The seat whose leg `channel` is, or None when the channel is not one of our offers."""
    if not channel.startswith(OFFER_PREFIX):
        return None
    seat, _, _ = channel.removeprefix(OFFER_PREFIX).rpartition(".")
    return SeatId(seat) if seat else None


def recording_file(call: CallId, offer: OfferId) -> str:
    """Name of the spool file of one segment: the leg `offer` of `call`.

    Call and offer stand in the name, so that a file found after a crash tells what it belongs to.
    """
    return f"{call}--{offer}.raw"


def parse_recording_file(name: str) -> tuple[CallId, OfferId] | None:
    """The call and leg that a spool file belongs to, or None when the name is not one of ours."""
    call, separator, rest = name.removesuffix(".raw").partition("--")
    if not (call and separator and rest and name.endswith(".raw")):
        return None
    return CallId(call), OfferId(rest)


def callback_id(call: CallId) -> CallbackId:
    """The callback that was booked in `call`; booking again in the same call is the same one."""
    return CallbackId(f"back.{call}")


def callback_offer_id(seat: SeatId, at_us: int) -> OfferId:
    """As `offer_id`, for a seat that is rung to call a customer back."""
    return OfferId(f"{CALLBACK_PREFIX}{seat}.{at_us}")


def seat_of_callback(channel: ChannelId) -> SeatId | None:
    """The seat whose leg `channel` is, or None when the channel is not one that calls back."""
    if not channel.startswith(CALLBACK_PREFIX):
        return None
    seat, _, _ = channel.removeprefix(CALLBACK_PREFIX).rpartition(".")
    return SeatId(seat) if seat else None


def contact_id(name: str) -> ContactId:
    """The contact called `name`: letters, digits and dashes."""
    return ContactId(f"{CONTACT_PREFIX}{name}")


def contact_offer_id(seat: SeatId, at_us: int) -> OfferId:
    """As `offer_id`, for a contact that is no call."""
    return OfferId(f"{CONTACT_OFFER_PREFIX}{seat}.{at_us}")


def customer_offer_id(seat: SeatId, at_us: int) -> OfferId:
    """As `callback_offer_id`, when the customer is rung first and `seat` is kept for them."""
    return OfferId(f"{CUSTOMER_PREFIX}{seat}.{at_us}")


def seat_of_customer(channel: ChannelId) -> SeatId | None:
    """The seat that is or was kept for the customer on `channel`; None when it is not the channel
    of a customer who was rung first."""
    if not channel.startswith(CUSTOMER_PREFIX):
        return None
    seat, _, _ = channel.removeprefix(CUSTOMER_PREFIX).rpartition(".")
    return SeatId(seat) if seat else None


def monitor_id(seat: SeatId, at_us: int) -> MonitorId:
    """As `offer_id`, for a phone of `seat` that listens to another's talk."""
    return MonitorId(f"{MONITOR_PREFIX}{seat}.{at_us}")


def seat_of_monitor(channel: ChannelId) -> SeatId | None:
    """The seat whose phone listens on `channel`, or None when that is no channel that listens."""
    if not channel.startswith(MONITOR_PREFIX):
        return None
    seat, _, _ = channel.removeprefix(MONITOR_PREFIX).rpartition(".")
    return SeatId(seat) if seat else None
