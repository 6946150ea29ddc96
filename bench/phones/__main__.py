"""Phones for hand testing.

python -m bench.phones call 12345 --server 127.0.0.1:5060 --keys 0 --for 10
python -m bench.phones seat 1001 --password ... --server 127.0.0.1:5060 --answer-after 2
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from bench.phones.errors import NotInTime, PhoneError
from bench.phones.phone import AnswerAfter, Audio, Phone, PhoneCall, Silence, Tone, WavFile
from bench.phones.tones import strongest_tone
from bench.phones.udp import Address, now_us


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the call was answered (or the seat registered), else 1."""
    options = _parser().parse_args(arguments)
    run: Coroutine[Any, Any, None] = _call(options) if options.command == "call" else _seat(options)
    try:
        asyncio.run(run)
    except PhoneError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.phones", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    call = commands.add_parser("call", help="call a number and say what is heard")
    call.add_argument("number")
    call.add_argument("--keys", default="", help="keys to press, once something is heard")
    call.add_argument("--caller", default="13800001111", metavar="NUMBER")
    call.add_argument("--name", default="", help="caller's name")
    seat = commands.add_parser("seat", help="register a seat's phone and answer its calls")
    seat.add_argument("user")
    seat.add_argument("--password", required=True)
    seat.add_argument("--answer-after", type=float, default=1.0, metavar="SECONDS")
    for command, address, duration in ((call, "127.0.0.2", 10.0), (seat, "127.0.0.1", 3600.0)):
        command.add_argument("--server", type=_address, default="127.0.0.1:5060")
        command.add_argument("--local-ip", default=address, metavar="ADDRESS")
        command.add_argument("--for", dest="seconds", type=float, default=duration)
        command.add_argument(
            "--say",
            type=_audio,
            default=Tone(700),
            metavar="WAV|HZ|silence",
            help="what the microphone carries (default: 700)",
        )
    return parser


async def _call(options: argparse.Namespace) -> None:
    phone = Phone(
        user=options.caller,
        server=options.server,
        local_ip=options.local_ip,
        display_name=options.name,
        microphone=options.say,
    )
    await phone.start()
    try:
        begun = now_us()
        call = await phone.call(options.number)
        await call.answered(deadline=60)
        _say(begun, "answered")
        if options.keys:
            await call.heard.wait_for_sound(deadline=30)
            await call.press(options.keys)
            _say(begun, f"pressed {options.keys}")
        await _listen(call, options.seconds, begun)
        await call.hang_up()
        _say(begun, f"{call.end_reason}")
    finally:
        await phone.stop()


async def _seat(options: argparse.Namespace) -> None:
    phone = Phone(
        user=options.user,
        server=options.server,
        local_ip=options.local_ip,
        password=options.password,
        microphone=options.say,
        answer=AnswerAfter(options.answer_after),
    )
    await phone.start()
    try:
        begun = now_us()
        await phone.register()
        _say(begun, f"registered as {phone.contact}")
        while (left := options.seconds - (now_us() - begun) / 1e6) > 0:
            try:
                call = await phone.next_ring(deadline=left)
            except NotInTime:
                break
            _say(begun, f"{call.caller_id} calls")
            await _listen(call, options.seconds, begun)
    finally:
        await phone.stop()


async def _listen(call: PhoneCall, seconds: float, begun: int) -> None:
    """A line a second on what is heard, until the call ends or the time is over."""
    for _ in range(max(1, round(seconds))):
        try:
            reason = await call.ended(deadline=min(1.0, seconds))
        except NotInTime:
            hz, level = strongest_tone(call.heard.pcm(500))
            gap = call.heard.longest_gap_ms(since=now_us() - 1_000_000, until=now_us())
            keys = f", keys {call.heard.digits}" if call.heard.digits else ""
            _say(begun, f"{call.state.value}: {hz:4.0f} Hz {level:4.0f} dB, gap {gap:.0f} ms{keys}")
        else:
            _say(begun, f"{reason}")
            return


def _say(begun: int, text: str) -> None:
    print(f"{(now_us() - begun) / 1e6:8.3f} s  {text}", flush=True)


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    return host, int(port or 5060)


def _audio(text: str) -> Audio:
    if text == "silence":
        return Silence()
    return Tone(int(text)) if text.isdigit() else WavFile(text)


if __name__ == "__main__":
    sys.exit(main())
