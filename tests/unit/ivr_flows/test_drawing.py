"""The drawing of a flow: what it shows, and that no flow can make it anything but a drawing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows import steps
from ivr_flows.conditions import Condition
from ivr_flows.drawing.graph import Naming, graph_of
from ivr_flows.drawing.layout import DrawingTooLarge, Size, lay_out
from ivr_flows.drawing.lettering import clean, width, wrap
from ivr_flows.drawing.picture import Title, draw, line_width
from ivr_flows.drawing.pieces import percent
from ivr_flows.drawing.traffic import Traffic, TrafficCount
from ivr_flows.drawing.words import LANGUAGES, condition_in_words
from ivr_flows.model import Flow, Step
from ivr_flows.says import Say, Text, Words
from ivr_flows.templates import Template

SVG = "{http://www.w3.org/2000/svg}"
TITLE = Title("water / main", "30 days")


def said(chinese: str, english: str = "Hello") -> Say:
    return (Text({"zh-CN": (Words(chinese),), "en": (Words(english),)}),)


def flow_of(*some: Step) -> Flow:
    return Flow(
        id="main",
        languages=("zh-CN", "en"),
        start=some[0].id,
        steps={step.id: step for step in some},
    )


SMALL = flow_of(
    steps.Play(id="hello", say=said("您好"), next="menu"),
    steps.Menu(
        id="menu",
        say=said("查水费请按一，人工请按零。"),
        choices={"1": "bill", "0": "person", "9": "hello"},
        otherwise="person",
    ),
    steps.Play(id="bill", say=said("账单"), next="bye"),
    steps.Queue(id="person", queue="service", priority=5),
    steps.Hangup(id="bye", say=said("再见")),
)


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def drawn(flow: Flow, traffic: Traffic | None = None) -> str:
    return draw(graph_of(flow, "zh-CN", Naming(), traffic), TITLE, "zh-CN")


def some_traffic() -> Traffic:
    """Ten calls: six press 0, one nothing, two press 1, one hangs up in the menu."""
    count = TrafficCount()
    for number in range(10):
        steps_taken = [("main", "hello", "start"), ("main", "menu", "next")]
        if number < 6:
            steps_taken.append(("main", "person", "keys.0"))
        elif number < 7:
            steps_taken.append(("main", "person", "otherwise"))
        elif number < 9:
            steps_taken += [("main", "bill", "keys.1"), ("main", "bye", "next")]
        count.add(str(number), steps_taken, left_menu=number == 9)
    return count.total()


class TestGraph:
    def test_every_step_is_a_box_with_what_it_says(self) -> None:
        graph = graph_of(SMALL, "en", Naming(queues={"service": "Customer service"}))
        assert [box.id for box in graph.boxes] == ["hello", "menu", "bill", "person", "bye"]
        assert graph.boxes[0].text == "Hello"
        assert graph.boxes[3].detail == "Customer service"

    def test_ways_to_one_step_are_one_arrow(self) -> None:
        graph = graph_of(SMALL, "zh-CN")
        (arrow,) = (one for one in graph.arrows if one.target == "person")
        assert [(one.key, one.words) for one in arrow.branches] == [
            ("0", ""),
            (None, "一直没有选择"),
        ]

    def test_way_back_ends_in_a_tag_and_the_others_do_not(self) -> None:
        graph = graph_of(SMALL, "zh-CN")
        tags = {(one.source, one.target) for one in graph.arrows if one.tag}
        assert tags == {("menu", "hello")}

    def test_box_that_many_lead_to_keeps_a_few_arrows(self) -> None:
        plays = [steps.Play(id=f"p{n}", say=said("一"), next="end") for n in range(10)]
        menu = steps.Menu(
            id="menu",
            say=said("选"),
            choices={str(n): f"p{n}" for n in range(10)},
            otherwise="p0",
        )
        graph = graph_of(flow_of(menu, *plays, steps.Hangup(id="end")), "en")
        to_end = [one.tag for one in graph.arrows if one.target == "end"]
        assert (to_end.count(False), to_end.count(True)) == (3, 7)

    def test_recorded_prompt_shows_its_words_or_its_name(self) -> None:
        flow = flow_of(steps.Hangup(id="bye", say=steps.GOODBYE))
        known = Naming(prompt_text=lambda prompt, language: f"{prompt} in {language}")
        assert graph_of(flow, "en", known).boxes[0].text == "goodbye in en"
        assert graph_of(flow, "en").boxes[0].text == "♪ goodbye"


class TestTraffic:
    def test_shares_are_of_those_who_came_to_the_step(self) -> None:
        graph = graph_of(SMALL, "zh-CN", traffic=some_traffic())
        shares = {
            (one.target, branch.key): branch.share
            for one in graph.arrows
            for branch in one.branches
        }
        assert shares["person", "0"] == 0.6
        assert shares["person", None] == 0.1
        assert shares["bill", "1"] == 0.2
        assert shares["hello", "9"] == 0.0
        person = next(box for box in graph.boxes if box.id == "person")
        assert (person.callers, person.share) == (7, 0.7)

    def test_caller_who_comes_twice_is_one_caller_and_two_ways(self) -> None:
        count = TrafficCount()
        again = [("main", "hello", "keys.9"), ("main", "menu", "next")]
        first = [("main", "hello", "start"), ("main", "menu", "next")]
        count.add("a", [*first, *again], left_menu=True)
        graph = graph_of(SMALL, "zh-CN", traffic=count.total())
        menu = next(box for box in graph.boxes if box.id == "menu")
        assert (graph.calls, menu.callers, menu.share) == (1, 1, 1.0)
        # Of two times there, one went back by 9 and one ended: together all.
        (hello,) = (one for one in graph.arrows if one.target == "hello")
        assert (hello.branches[0].share, menu.hung_up) == (0.5, 0.5)

    def test_keys_stand_in_the_order_of_the_file(self) -> None:
        choices = {key: f"s{key}" for key in "312"}
        ends = [steps.Hangup(id=f"s{key}") for key in "123"]
        menu = steps.Menu(id="menu", say=said("选"), choices=choices, otherwise="s1")
        root = ElementTree.fromstring(drawn(flow_of(menu, *ends)))
        caps = {one.text: float(one.attrib["x"]) for one in root.iter(f"{SVG}text")}
        assert caps["3"] < caps["1"] < caps["2"]

    def test_hang_up_is_where_the_caller_was_last(self) -> None:
        graph = graph_of(SMALL, "zh-CN", traffic=some_traffic())
        assert {box.id: box.hung_up for box in graph.boxes if box.hung_up} == {"menu": 0.1}

    def test_stretches_of_calls_may_come_mixed(self) -> None:
        whole, mixed = TrafficCount(), TrafficCount()
        stretches = [
            ("main", "hello", "start"),
            ("main", "menu", "next"),
            ("main", "bill", "keys.1"),
        ]
        for call in ("a", "b"):
            whole.add(call, stretches, left_menu=True)
        for stretch in stretches:
            for call in ("a", "b"):
                mixed.add(call, [stretch], left_menu=True)
        assert whole.total() == mixed.total()
        assert whole.total().hung_up == {("main", "bill"): 2}

    def test_caller_comes_back_from_another_flow_to_the_step_after_the_call(self) -> None:
        flow = flow_of(steps.SubFlow(id="pay", flow="pay", next="bye"), steps.Hangup(id="bye"))
        count = TrafficCount()
        inside = [("pay", "ask", "start"), ("pay", "end", "next")]
        count.add("a", [("main", "pay", "start"), *inside, ("main", "bye", "return")])
        (arrow,) = graph_of(flow, "en", traffic=count.total()).arrows
        assert arrow.flow_share == 1.0
        assert arrow.branches[0].share == 1.0

    def test_keys_of_a_private_menu_are_not_told_apart(self) -> None:
        menu = steps.Menu(
            id="menu",
            say=said("选"),
            choices={"1": "bye", "2": "bye"},
            otherwise="bye",
            private=True,
        )
        count = TrafficCount()
        for call in "abcd":
            count.add(call, [("main", "menu", "start"), ("main", "bye", "keys")])
        graph = graph_of(flow_of(menu, steps.Hangup(id="bye")), "en", traffic=count.total())
        assert [one.share for one in graph.arrows[0].branches] == [None, None, 1.0]

    def test_without_calls_there_are_no_shares(self) -> None:
        graph = graph_of(SMALL, "en", traffic=Traffic())
        assert graph.calls == 0
        assert all(branch.share is None for arrow in graph.arrows for branch in arrow.branches)
        assert "来电 0" in texts(drawn(SMALL, Traffic()))

    @pytest.mark.parametrize(
        ("share", "shown"), [(0.0, "0%"), (0.001, "<1%"), (0.314, "31%"), (1.0, "100%")]
    )
    def test_share_is_shown_short(self, share: float, shown: str) -> None:
        assert percent(share) == shown

    def test_more_callers_make_a_wider_line(self) -> None:
        assert line_width(0.0) < line_width(0.2) < line_width(0.9) < 12


class TestPicture:
    def test_shows_title_words_keys_and_shares(self) -> None:
        shown = texts(drawn(SMALL, some_traffic()))
        for expected in (
            "water / main",
            "30 days",
            "来电 10",
            "查水费请按一，人工请按零。",
            "0",
            "60%",
        ):
            assert expected in shown
        assert "在此挂断 10%" in shown

    def test_boxes_and_labels_do_not_overlap(self) -> None:
        boxes = list(rectangles(drawn(SMALL, some_traffic())))
        assert len(boxes) == 8
        for place, one in enumerate(boxes):
            for other in boxes[place + 1 :]:
                assert not overlap(one, other), (one, other)

    def test_flow_of_sixty_steps_with_long_texts_stays_readable(self) -> None:
        flow = wide_flow(60)
        svg = drawn(flow)
        boxes = list(rectangles(svg))
        assert not any(overlap(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
        longest = max(texts(svg), key=lambda text: width(text, 13))
        assert width(longest, 13) <= 244

    def test_every_text_stays_inside_its_box_or_label(self) -> None:
        svg = drawn(SMALL, some_traffic())
        boxes = list(rectangles(svg))
        inside = 0
        for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
            long = width(text.text or "", float(text.attrib["font-size"]))
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            x -= {"start": 0.0, "middle": long / 2, "end": long}[text.get("text-anchor", "start")]
            # Whose box it is, tells its base line and its middle.
            for left, top, right, bottom in boxes:
                if top < y < bottom and left < x + long / 2 < right:
                    assert left <= x, text.text
                    assert x + long <= right, text.text
                    inside += 1
        assert inside > 25

    def test_same_flow_gives_the_same_drawing(self) -> None:
        assert drawn(SMALL, some_traffic()) == drawn(SMALL, some_traffic())

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_kind_of_step_is_drawn_in_both_languages(self, language: str) -> None:
        chosen = next(one for one in LANGUAGES if one == language)
        svg = draw(graph_of(EVERY_KIND, chosen), TITLE, chosen)
        assert len(texts(svg)) > 40
        chinese = any("\u4e00" <= letter <= "\u9fff" for text in texts(svg) for letter in text)
        assert chinese == (language == "zh-CN")

    def test_too_large_a_flow_is_refused_with_what_to_do(self) -> None:
        with pytest.raises(DrawingTooLarge, match="split it into flows"):
            lay_out([Size(1, 1)] * 5_001, [])

    def test_flow_of_a_thousand_steps_is_drawn_in_seconds(self) -> None:
        began = time.process_time()
        drawn(wide_flow(1000))
        assert time.process_time() - began < 20


class TestHostileTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "</text><script>alert(1)</script>",
            '"><image href="https://example.org/x"/>',
            "&bogus; ]]> <!--",
            "\u202eback\u2066 to front",
            "zero\u200bwidth",
        ],
    )
    def test_nothing_in_a_text_becomes_markup(self, text: str) -> None:
        flow = flow_of(steps.Hangup(id="bye", say=said(text, text)))
        root = ElementTree.fromstring(drawn(flow))
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "rect", "text", "path", "circle",
        }  # fmt: skip
        assert not any("href" in name for element in root.iter() for name in element.attrib)

    @given(text=st.text(max_size=300))
    def test_any_text_gives_good_xml(self, text: str) -> None:
        flow = flow_of(steps.Hangup(id="bye", say=(Text({"en": (Words(text),)}),)))
        ElementTree.fromstring(draw(graph_of(flow, "en"), Title(text, text), "en"))

    @given(text=st.text(max_size=400), room=st.integers(40, 400), most=st.integers(1, 4))
    def test_lines_never_are_wider_than_their_room(self, text: str, room: int, most: int) -> None:
        lines = wrap(text, 13, room, most)
        assert len(lines) <= most
        assert all(width(line, 13) <= room for line in lines)
        shown = "".join(lines).replace(" ", "")
        if not shown.endswith("…"):
            assert shown == clean(text).replace(" ", "")


class TestLettering:
    def test_chinese_punctuation_does_not_begin_a_line(self) -> None:
        lines = wrap("停水、报修，请按一。查水费，请按二。" * 3, 13, 100, 20)
        assert len(lines) > 3
        assert not any(line[0] in "，。、" for line in lines)

    def test_english_breaks_between_words(self) -> None:
        assert wrap("To speak to a person, press zero.", 13, 110, 9) == (
            "To speak to a",
            "person, press",
            "zero.",
        )


@pytest.mark.parametrize(
    ("condition", "chinese", "english"),
    [
        (
            Condition(queue="repairs", waiting_over=5),
            "repairs 排队多于 5 人",
            "repairs over 5 waiting",
        ),
        (Condition(queue="q", staffed=False), "q 无坐席值班", "q not staffed"),
        (Condition(weekdays=frozenset({0, 1, 2, 3, 4})), "周一至周五", "Mon–Fri"),
        (Condition(weekdays=frozenset({0, 5})), "周一、周六", "Mon, Sat"),
        (Condition(caller=("139*", "unknown")), "来电 139* / 未知号码", "caller 139* / unknown"),
        (Condition(value="area", is_in=("a", "b")), "area = a / b", "area = a / b"),
    ],
)
def test_condition_is_told_in_words(condition: Condition, chinese: str, english: str) -> None:
    assert condition_in_words(condition, "zh-CN") == chinese
    assert condition_in_words(condition, "en") == english


def wide_flow(count: int) -> Flow:
    long = "为了更好地为您服务，请仔细收听以下内容并根据提示进行操作，" * 8
    menus: list[Step] = []
    for n in range(count - 1):
        below = [f"s{k}" for k in range(3 * n + 1, 3 * n + 4) if k < count - 1]
        choices = {str(place + 1): step for place, step in enumerate(below)} or {"0": "end"}
        menus.append(steps.Menu(id=f"s{n}", say=said(long), choices=choices, otherwise="end"))
    return flow_of(*menus, steps.Hangup(id="end"))


def rectangles(svg: str) -> Iterator[tuple[float, float, float, float]]:
    """Of boxes and labels: the outlined rectangles with corners of 9 or 10, without the legend."""
    for element in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        has = element.attrib
        if has.get("rx") in {"9", "10"} and "stroke" in has and has["stroke"] != "#e2e8f0":
            x, y, wide, high = (float(has[name]) for name in ("x", "y", "width", "height"))
            yield x, y, x + wide, y + high


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _every_kind() -> Flow:
    cases = (steps.Case(Condition(value="vip", known=True), "queue"),)
    template = Template.read("{caller}")
    return flow_of(
        steps.Play(id="play", say=said("一"), next="menu"),
        steps.Menu(id="menu", say=said("一"), choices={"1": "digits"}, otherwise="digits"),
        steps.Digits(
            id="digits", say=said("一"), into="n", least=1, most=2, next="lang", otherwise="lang"
        ),
        steps.SwitchLanguage(id="lang", to="other", next="hours"),
        steps.CheckHours(id="hours", hours="h", open="notices", closed="notices"),
        steps.PlayNotices(id="notices", area=None, next="lookup", person="queue"),
        steps.LookUp(
            id="lookup", service="s", path=template, next="pin", not_found="pin", failed="pin"
        ),
        steps.Identify(
            id="pin", say=said("一"), service="s", path=template, next="set", otherwise="set",
            failed="set",
        ),
        steps.SetValues(id="set", values={"vip": template}, next="message"),
        steps.Message(id="message", box="b", next="callback", otherwise="callback"),
        steps.Callback(id="callback", queue="q", number=template, next="out", otherwise="out"),
        steps.Transfer(id="out", to="night", failed="score"),
        steps.Score(id="score", survey="s", say=said("一"), next="flow", otherwise="flow"),
        steps.SubFlow(id="flow", flow="f", next="if"),
        steps.If(id="if", cases=cases, otherwise="return"),
        steps.Return(id="return"),
        steps.Queue(id="queue", queue="q", priority=5, offers={"1": "bye"}),
        steps.Hangup(id="bye"),
    )  # fmt: skip


EVERY_KIND = _every_kind()
