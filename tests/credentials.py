"""The sandbox's credentials, to look for where none may be."""

from __future__ import annotations

from collections.abc import Iterable

from include.sandbox.state import State


def credentials(state: State) -> list[str]:
    """Every password and key of a running sandbox."""
    found = [*state.secrets.values(), *(value for name, value in state.aws.items() if "access_key" in name)]
    assert len(found) > 4
    return found


def leaked(state: State, texts: Iterable[str]) -> list[str]:
    """Those texts, shortened, that hold a credential."""
    known = credentials(state)
    return [text[:200] for text in texts if any(secret in text for secret in known)]
