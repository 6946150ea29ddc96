"""The first packet of the next prompt is found by what is in it, whatever comes before it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from bench.ivr.listen import CLIPS, MENUS, NOTHING, PITCHES, Key, Measured, clips_heard, measured
from bench.ivr.rtp import Heard
from bench.phones.audio import Tone as Sound
from bench.phones.audio import packets_of, samples_of

MS = 1_000_000
BEGAN_MS = 1_000


def payload(clip: int, samples: int = 160, phase: int = 0) -> bytes:
    tone = packets_of(Sound(PITCHES[clip]), "PCMA")
    return (b"".join(tone) * 3)[phase : phase + samples]


@dataclass
class Call:
    """What a caller hears, made packet by packet; `now` is in milliseconds."""

    packets: list[Heard] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    now: float = BEGAN_MS

    def hear(self, menu: int, count: int, clip: int = 0, samples: int = 160) -> Call:
        for _ in range(count):
            data = payload(menu * CLIPS + clip, samples, phase=len(self.packets) * 7 % 50)
            self._add(data)
            self.now += samples / 8
        return self

    def noise(self) -> Call:
        random = np.random.default_rng(1)
        self._add(random.integers(0, 256, 160, np.uint8).tobytes())
        self.now += 20
        return self

    def _add(self, data: bytes) -> None:
        seq = (0xFFFE + len(self.packets)) & 0xFFFF
        self.packets.append(Heard(round(self.now * MS), seq, data, 1))

    def silence(self, ms: float) -> Call:
        self.now += ms
        return self

    def key(self, held_ms: float = 100) -> Call:
        """A key that ends now."""
        self.keys.append(Key(round((self.now - held_ms) * MS), round(self.now * MS)))
        return self

    def figures(self) -> Measured:
        return measured(self.packets, self.keys)


@pytest.mark.parametrize("samples", [160, 90, 40])
def test_each_clip_is_known_by_its_packets_whole_or_short(samples: int) -> None:
    every = range(MENUS * CLIPS)
    for phase in range(0, 60, 7):
        assert clips_heard([payload(clip, samples, phase) for clip in every]) == list(every)


def test_silence_noise_and_strange_tones_are_no_clip() -> None:
    random = np.random.default_rng(7)
    strange = [packets_of(Sound(hz), "PCMA")[0] for hz in (300, 500, 2300)]
    noise = [random.integers(0, 256, 160, np.uint8).tobytes() for _ in range(200)]
    found = clips_heard([b"\xd5" * 160, b"", b"\x01", *strange, *noise])
    assert set(found) == {NOTHING}


def test_a_first_packet_that_begins_with_a_file_header_is_known() -> None:
    header = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00"
    assert clips_heard([header + payload(4)[len(header) :]]) == [4]


def test_key_in_silence_is_answered_by_the_first_packet_of_the_next_prompt() -> None:
    call = Call().hear(0, 10).silence(500).key().silence(7.5).hear(1, 5)
    (answer,) = call.figures().answers
    assert (answer.end_us, answer.down_us, answer.barge_in) == (7_500, 107_500, False)


def test_packets_of_the_old_prompt_after_a_key_are_not_the_answer() -> None:
    call = Call().hear(0, 10).key().silence(1).hear(0, 3).silence(2).hear(1, 5)
    (answer,) = call.figures().answers
    assert (answer.end_us, answer.barge_in) == (63_000, True)


def test_the_same_prompt_once_more_is_not_the_answer() -> None:
    call = Call().hear(0, 10).key().silence(1).hear(0, 30)
    assert (call.figures().answers, call.figures().unanswered) == ([], 1)


def test_the_prompt_after_next_is_not_the_answer() -> None:
    call = Call().hear(0, 10).key().silence(1).hear(2, 30)
    assert (call.figures().answers, call.figures().unanswered) == ([], 1)


def test_an_answer_that_comes_after_the_following_key_is_none() -> None:
    call = Call().hear(0, 10).silence(100).key().silence(400).key().silence(1).hear(1, 30)
    assert call.figures().unanswered == 1
    assert [answer.end_us for answer in call.figures().answers] == [1_000]


def test_a_key_taken_at_its_beginning_is_answered_before_its_end() -> None:
    call = Call().hear(0, 10).silence(100)
    call.key().silence(-40).hear(1, 20)
    (answer,) = call.figures().answers
    assert (answer.end_us, answer.down_us) == (-40_000, 60_000)


def test_key_before_any_sound_is_unanswered_and_does_not_raise() -> None:
    assert Call().key().figures().unanswered == 1
    assert Call().figures() == Measured()


def test_gaps_are_between_packets_of_one_prompt_and_joins_between_its_clips() -> None:
    call = Call().hear(0, 3).silence(25).hear(0, 2).silence(4).hear(0, 2, clip=1)
    found = call.figures()
    assert found.gaps_us == [20_000, 20_000, 45_000, 20_000, 24_000, 20_000]
    assert found.joins_us == [24_000]


def test_a_short_last_packet_and_a_packet_of_noise_do_not_make_gaps() -> None:
    call = Call().hear(0, 2).hear(0, 1, samples=16).hear(0, 2, clip=1).noise().hear(0, 1, clip=1)
    found = call.figures()
    assert found.gaps_us == [20_000, 20_000, 2_000, 20_000, 20_000, 20_000]
    assert found.unknown == 2


def test_the_time_from_a_key_to_the_next_prompt_is_no_gap() -> None:
    call = Call().hear(0, 3).silence(800).key().silence(70).hear(1, 2)
    assert call.figures().gaps_us == [20_000] * 3
    barged = Call().hear(0, 3).key().silence(70).hear(1, 2)
    assert barged.figures().gaps_us == [20_000] * 3


def test_a_gap_in_the_old_prompt_before_the_key_still_counts() -> None:
    call = Call().hear(0, 3).silence(100).hear(0, 3).key().hear(1, 2)
    assert max(call.figures().gaps_us) == 120_000


def test_lost_packets_are_counted_and_late_ones_are_not_across_the_number_wrap() -> None:
    packets = Call().hear(0, 10).packets
    assert measured(packets, []).missing == 0
    del packets[4]
    assert measured(packets, []).missing == 1
    packets[6], packets[7] = packets[7], packets[6]
    assert measured(packets, []).missing == 1


def test_figures_of_calls_add_up() -> None:
    one = Call().hear(0, 10).silence(500).key().silence(7).hear(1, 5).figures()
    both = Measured()
    both.add(one)
    both.add(one)
    assert (len(both.answers), len(both.gaps_us), both.packets) == (2, 2 * len(one.gaps_us), 30)


def test_pitches_stand_apart() -> None:
    sounds = np.stack([samples_of(Sound(hz))[:160] for hz in PITCHES])
    assert len(np.unique(sounds, axis=0)) == len(PITCHES)
