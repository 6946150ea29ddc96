"""`cti prompts`: what the flows of a site say, as sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.launch import as_run
from cti.menus import prompts_of, site_parts
from ivr_flows.loader import load_book
from ivr_flows.speech.catalogue import catalogue_of
from ivr_flows.speech.errors import EngineMissing, SpeechError
from ivr_flows.speech.inventory import Inventory, Item
from ivr_flows.speech.kept import Entry, Kept
from ivr_flows.speech.wiring import engine_spec, kept_dir, places_of
from ivr_flows.speech.workshop import Workshop

_WORDS: Final[dict[str, dict[str, str]]] = {
    "zh-CN": {
        "text": "内容", "language": "语言", "seconds": "秒", "source": "来源",
        "none": "没有任何语音", "studio": "真人录音", "shipped": "随系统附带", "kept": "站点语音",
        "cache": "运行时生成",
        "missing": "缺失", "refused": "无法朗读",
        "speaking": "正在生成语音", "made": "已生成", "there": "已存在", "failed": "失败",
        "dropped": "已删除", "with": "语音引擎：", "no-engine":
        "本机没有可用的语音引擎：请安装 espeak-ng，或设置 speech.engine（见 docs/prompts.md）",
        "fine": "全部语音正常", "troubles": "问题", "checked": "已检查",
        "unreadable": "无法读取", "format": "格式应为 8 kHz 单声道 16 位", "silent": "没有声音",
        "quiet": "声音过小", "loud": "声音过大", "clipped": "削波失真", "long": "超过 20 秒",
        "orphan": "没有流程使用（cti prompts build --prune 可删除）",
        "changed": "清单中的文本或发音人已改动", "lost": "清单中有，语音文件已不存在",
        "imported": "已导入", "espeak": "由 espeak-ng 生成，建议换用自然语音重新生成",
    },
    "en": {
        "text": "says", "language": "language", "seconds": "seconds", "source": "source",
        "none": "nothing is said", "studio": "studio", "shipped": "shipped", "kept": "site",
        "cache": "made while running", "missing": "missing", "refused": "cannot be spoken",
        "speaking": "Speaking", "made": "made", "there": "were there", "failed": "failed",
        "dropped": "deleted", "with": "Engine: ", "no-engine":
        "no speech engine here: install espeak-ng, or set speech.engine (docs/prompts.md)",
        "fine": "all sounds are well", "troubles": "troubles", "checked": "checked",
        "unreadable": "cannot be read", "format": "must be 8 kHz, mono, 16 bit",
        "silent": "nothing to hear", "quiet": "too quiet", "loud": "too loud",
        "clipped": "clipped", "long": "longer than 20 s",
        "orphan": "no flow says it (cti prompts build --prune deletes it)",
        "changed": "the index holds another text or voice", "lost": "in the index, sound is gone",
        "imported": "imported", "espeak": "spoken by espeak-ng; a natural voice should replace it",
    },
}  # fmt: skip


def _language(value: str) -> str:
    if value not in _WORDS:
        raise typer.BadParameter(f"choose one of {', '.join(_WORDS)}")
    return value


Lang = Annotated[str, typer.Option("--lang", callback=_language, help="zh-CN or en.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
SiteFile = Annotated[
    Path | None, typer.Option("--site", help="Another site file than that of the settings.")
]

prompts_app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class _Shop:
    """A site with all that it says."""

    settings: Settings
    site: Site
    console: Console
    words: dict[str, str]

    @classmethod
    def open(cls, settings: Path | None, site: Path | None, lang: str) -> _Shop:
        over = {"site": str(site)} if site is not None else {}
        loaded = load_settings(settings, **over)
        return cls(loaded, load_site(loaded.site), _console(), _WORDS[lang])

    def inventory(self) -> Inventory:
        """Raises FlowRefused. A prompt that is missing is what we are here to tell."""
        settings = self.settings
        book = load_book(
            settings.site.parent / self.site.flows_dir,
            site=site_parts(self.site),
            prompts=_AnyPrompt(),
            needed={line.flow for line in self.site.hotlines},
        )
        return Inventory(
            book.flows.values(),
            prompts=prompts_of(settings, self.site),
            kept=self.kept(),
            places=places_of(as_run(settings)),
            voices=settings.speech.voices,
            catalogue=catalogue_of(settings.prompts.dir),
        )

    def kept(self) -> Kept:
        return Kept(kept_dir(self.settings))

    def say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style))


class _AnyPrompt:
    """Lets flows load whose prompts are missing."""

    def has(self, name: str, language: str) -> bool:
        return True

    def names(self) -> frozenset[str]:
        return frozenset()


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


# ------------------------------------------------------------------------------------------ build


@prompts_app.command()
def build(
    *,
    settings: SettingsFile = None,
    site: SiteFile = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is there already.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what no flow says.")] = False,
    lang: Lang = "zh-CN",
) -> None:
    """Speak every text of the site's flows that has no sound yet, and keep it with the site.

    Cut off and started again it goes on where it was. Exit code 1: something could not be made.
    """
    shop = _Shop.open(settings, site, lang)
    workshop = Workshop(engine_spec(shop.settings))
    if not workshop.open:
        raise EngineMissing("none", shop.words["no-engine"])
    shop.say(shop.words["with"] + workshop.engine)
    kept = shop.kept()
    items = [item for item in shop.inventory().items() if item.key or item.source == "refused"]
    wanted = [item for item in items if again or _wanted(item, workshop.engine)]
    failed = asyncio.run(_build(shop, workshop, kept, wanted))
    dropped = _prune(shop, kept) if prune else 0
    words = shop.words
    parts = [
        (words["made"], len(wanted) - len(failed)),
        (words["there"], len(items) - len(wanted)),
        (words["dropped"], dropped),
        (words["failed"], len(failed)),
    ]
    shop.say(", ".join(f"{what} {count}" for what, count in parts if count) or words["none"])
    raise typer.Exit(int(bool(failed)))


def _wanted(item: Item, engine: str) -> bool:
    """Missing, made by the way only, or spoken by the last resort while there is a better voice."""
    return item.source != "kept" or (item.engine == "espeak" and engine != "espeak")


async def _build(
    shop: _Shop, workshop: Workshop, kept: Kept, wanted: list[Item]
) -> list[tuple[Item, str]]:
    """What failed, and why."""
    failed: list[tuple[Item, str]] = []
    with _progress(shop, len(wanted)) as step:
        try:
            for item in wanted:
                try:
                    if item.source == "refused":
                        raise SpeechError(item.why)
                    await workshop.make(
                        item.text, item.language, kept.file(item.language, item.key)
                    )
                    kept.note(item.language, item.key, Entry(item.text, workshop.engine))
                except SpeechError as error:
                    failed.append((item, str(error)))
                    shop.say(f"{item.where} ({item.language}): {_short(item)}: {error}", "red")
                step()
        finally:
            await workshop.close()
    return failed


@contextmanager
def _progress(shop: _Shop, total: int) -> Iterator[Callable[[], None]]:
    columns = (
        TextColumn(shop.words["speaking"]), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=shop.console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _prune(shop: _Shop, kept: Kept) -> int:
    gone = [stale for stale in shop.inventory().stale() if stale.why != "changed"]
    for stale in gone:
        kept.drop(stale.language, stale.key)
    return len(gone)


# ----------------------------------------------------------------------------------- check, list


@prompts_app.command()
def check(*, settings: SettingsFile = None, site: SiteFile = None, lang: Lang = "zh-CN") -> None:
    """Listen to everything that the site's flows say, in every language. Exit code 1: troubles."""
    shop = _Shop.open(settings, site, lang)
    words = shop.words
    inventory = shop.inventory()
    items = inventory.items()
    troubles = 0
    for item in items:
        place = f"{item.where} ({item.language}): {_short(item)}"
        heard = item.heard()
        if heard is None:
            troubles += 1
            shop.say(f"{place}: {words[item.source]}: {item.why}", "red")
            continue
        for fault in heard.faults:
            troubles += 1
            shop.say(f"{place}: {words[fault]} [{heard.rms_dbfs:.0f} dB, {heard.seconds:.1f} s]"
                     f" {item.file}", "red")  # fmt: skip
        if item.engine == "espeak":
            shop.say(f"{place}: {words['espeak']}", "yellow")
    for stale in inventory.stale():
        troubles += 1
        shop.say(f"{stale.language}/{stale.key}.wav {stale.text}: {words[stale.why]}", "red")
    shop.say(f"{words['checked']} {len(items)}, {words['troubles']} {troubles}"
             if troubles else f"{words['checked']} {len(items)}, {words['fine']}")  # fmt: skip
    raise typer.Exit(int(bool(troubles)))


@prompts_app.command("list")
def list_prompts(
    *, settings: SettingsFile = None, site: SiteFile = None, lang: Lang = "zh-CN"
) -> None:
    """Show everything that the site's flows say, how long it is, and where its sound comes from."""
    shop = _Shop.open(settings, site, lang)
    words = shop.words
    table = Table(box=None, header_style="bold")
    table.add_column(words["text"], overflow="fold")
    table.add_column(words["language"], no_wrap=True)
    table.add_column(words["seconds"], justify="right", no_wrap=True)
    table.add_column(words["source"], no_wrap=True)
    items = shop.inventory().items()
    for item in items:
        heard = item.heard()
        source = words[item.source] + (f" ({item.engine})" if item.engine else "")
        shown = f"{item.prompt}: {item.text}" if item.prompt and item.text else item.name
        table.add_row(
            Text(_plain(shown)),
            item.language,
            f"{heard.seconds:.1f}" if heard is not None else "-",
            Text(source, style="red" if item.file is None else ""),
        )
    Console(highlight=False).print(table if items else words["none"])


def _short(item: Item) -> str:
    name = _plain(item.name)
    return name if len(name) <= 40 else f"{name[:39]}…"


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


# ----------------------------------------------------------------------------------------- import


@prompts_app.command("import")
def import_prompt(
    file: Annotated[Path, typer.Argument(help="WAV; MP3, Ogg and others with ffmpeg.")],
    name: Annotated[str, typer.Argument(help="The prompt's name, such as greeting.")],
    language: Annotated[str, typer.Argument(help="zh-CN or en.")],
    *,
    settings: SettingsFile = None,
    lang: Lang = "zh-CN",
) -> None:
    """Take a speaker's recording: 8 kHz, mono, at the common loudness. It wins over what is
    shipped."""
    from ivr_flows.speech.studio import import_recording  # noqa: PLC0415 - brings in numpy

    loaded = load_settings(settings)
    target, seconds = import_recording(file, loaded.prompts.dir, name, language)
    _console().print(Text(f"{_WORDS[lang]['imported']}: {target} ({seconds:.1f} s)"))
