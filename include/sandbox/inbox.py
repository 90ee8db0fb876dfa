"""What arrived on all channels of alerts; `make inbox` prints it."""

from __future__ import annotations

import html
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.text import Text

from include.sandbox.aws import queued
from include.sandbox.state import State, write_private
from include.sandbox.terminal import printable

FOLDER = "inbox"
SMTP_USER = "sparkify"


@dataclass(frozen=True)
class Letter:
    """One message on one channel.

    Args:
        at: when it arrived, ISO 8601, UTC.
        channel: `sns`, `mail`, `slack` or `webhook`.
        subject: its subject; empty where the channel has none.
        text: what it says.
        raw: as it came, where that is more.
    """

    at: str
    channel: str
    subject: str
    text: str
    raw: str = ""

    @classmethod
    def received(cls, channel: str, subject: str, text: str, raw: str = "") -> Letter:
        """Returns a letter that has just arrived."""
        return cls(datetime.now(timezone.utc).isoformat(), channel, subject, text, raw)


def keep(folder: Path, letter: Letter) -> None:
    """Keeps a letter as a file of its own."""
    write_private(folder / f"{letter.at}-{secrets.token_hex(4)}.json", json.dumps(asdict(letter)))


def letters(state: State) -> list[Letter]:
    """Returns what has arrived on all channels, the newest last."""
    kept = [Letter(**json.loads(path.read_text())) for path in (state.root / FOLDER).glob("*.json")]
    published = [Letter(at.isoformat(), "sns", "", text) for at, text in queued(state.aws)]
    return sorted([*kept, *published], key=lambda letter: letter.at)


def print_inbox(console: Console, state: State) -> None:
    """Prints what has arrived, the newest last."""
    found = letters(state)
    for letter in found:
        title = printable(f"{letter.at[:19]}Z  {letter.channel}  {letter.subject}".rstrip())
        console.rule(Text(title, "rule.text"), align="left")
        console.print(printable(readable(letter)), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(found)} messages", highlight=False)


def readable(letter: Letter) -> str:
    """Returns the text of a letter without the marks of its channel."""
    text = html.unescape(letter.text.replace("<pre>", "").replace("</pre>", ""))
    return text.replace("```", "").strip()
