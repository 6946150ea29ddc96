"""Virtual time around cores: what is planned, what they want to be told, and each fact with all its
consequences before the next one, as `cti.brain` and the engine's loop do it with real time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any, Final, Protocol

from cti.effects import Effect
from cti.errors import JietongError
from cti.facts import Fact, TimePassed

NEVER: Final = 2**62
_STUCK: Final = 10_000


class Core(Protocol):
    def handle(self, fact: Fact) -> Iterable[Fact | Effect]: ...

    def deadline(self) -> int | None: ...


class DeadlineStands(JietongError):
    """Our own bug: a core wants the same moment again and again. Field: `at`."""

    def __init__(self, at: int) -> None:
        self.at = at
        super().__init__(f"a core still wants {at} us after it has passed {_STUCK} times")


class Clockwork:
    """`now`: microseconds since the epoch. `ended`: when the last thing happened. `facts`: how many
    the cores were told. `on`: what is done when a fact of a kind has been concluded."""

    def __init__(
        self, cores: Sequence[Core], now: int, heard: Sequence[Callable[[Fact], None]] = ()
    ) -> None:
        self._cores = tuple(cores)
        self._heard = tuple(heard)
        self.now = self.ended = now
        self.facts = 0
        self.on: dict[type[Fact], Callable[[Any], None]] = {}
        self._heap: list[tuple[int, int, Callable[..., None], Any, Any]] = []
        self._count = 0
        self._rung = 0
        self._later: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._busy = False

    def plan(
        self, at: int, what: Callable[..., None], first: object, second: object = None
    ) -> None:
        """Call `what(first, second)` at `at`; what is planned first for one moment comes first."""
        self._count += 1
        heappush(self._heap, (at, self._count, what, first, second))

    def afterwards(self, what: Callable[[Any], None], argument: object) -> None:
        """Call `what(argument)` when all that follows from the fact of now has been concluded."""
        self._later.append((what, argument))

    def step(self, until: int) -> bool:
        """Do the next thing that is due up to `until`; False when there is none.

        Of one moment, deadlines come first. Raises DeadlineStands, and what a core raises.
        """
        heap = self._heap
        planned = heap[0][0] if heap else NEVER
        wanted = self._deadline()
        if wanted <= planned and wanted <= until:
            self._ring(wanted)
            return True
        if heap and planned <= until:
            self.now = self.ended = planned
            _, _, what, first, second = heappop(heap)
            what(first, second)
            return True
        return False

    def tell(self, fact: Fact) -> None:
        """Tell the cores `fact` and all that follows from it; then do what is to be done after."""
        self._conclude(fact)
        if self._busy:
            return  # a thousand phones may ring at one moment: not one within the other
        self._busy = True
        later = self._later
        while later:
            what, argument = later.popleft()
            what(argument)
        self._busy = False

    def _conclude(self, fact: Fact) -> None:
        pending = [fact]
        cores, heard, on = self._cores, self._heard, self.on
        for one in pending:  # grows while it is read
            for hear in heard:
                hear(one)
            for core in cores:
                for outcome in core.handle(one):
                    if isinstance(outcome, Fact):
                        pending.append(outcome)
            react = on.get(type(one))
            if react is not None:
                react(one)
        self.facts += len(pending)

    def _deadline(self) -> int:
        if len(self._cores) == 1:
            wanted = self._cores[0].deadline()
            return NEVER if wanted is None else wanted
        deadlines = (core.deadline() for core in self._cores)
        return min((at for at in deadlines if at is not None), default=NEVER)

    def _ring(self, wanted: int) -> None:
        """A core's deadline has come."""
        self._rung = self._rung + 1 if wanted <= self.now else 0
        if self._rung > _STUCK:
            raise DeadlineStands(wanted)
        self.now = max(self.now, wanted)
        before = self.facts
        self.tell(TimePassed(at=self.now))
        if self.facts > before + 1:
            self.ended = self.now
