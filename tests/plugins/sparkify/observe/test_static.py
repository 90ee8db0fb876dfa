"""The page's files: what is vendored is what its README says, and nothing needs what the page's policy forbids."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from include.sandbox.state import REPOSITORY

STATIC = REPOSITORY / "plugins" / "sparkify" / "observe" / "static"
VENDORED = STATIC / "vendor"
OURS = sorted(path for path in STATIC.iterdir() if path.is_file())


def test_what_is_vendored_is_what_the_readme_says():
    said = dict(re.findall(r"^\| `(\S+)` \| `\S+` \| `([0-9a-f]{64})` \|$", (VENDORED / "README.md").read_text(), re.M))
    there = {path.name: sha256(path.read_bytes()).hexdigest() for path in VENDORED.iterdir() if path.suffix != ".md"}
    assert said == there


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_file_makes_html_of_text_or_leads_elsewhere(path):
    text = path.read_text()
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)
    assert [address for address in re.findall(r"https?://[\w.]+", text) if address != "http://www.w3.org"] == []


def test_every_file_that_is_named_is_there():
    for path in OURS:
        named = re.findall(r'(?:from|import) "\./([^"]+)"|(?:href|src)="static/([^"]+)"', path.read_text())
        for imported, linked in named:
            assert (STATIC / (imported or linked)).is_file(), f"{path.name} names {imported or linked}"


def test_every_file_is_needed():
    text = "".join(path.read_text() for path in OURS)
    needed = {
        Path(name).name for pair in re.findall(r'from "\./([^"]+)"|="static/([^"]+)"', text) for name in pair if name
    }
    assert needed | {"index.html"} >= {path.name for path in OURS}
