"""The pages under docs/ say what the code does: examples, codes, words, links, numbers of decisions."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import pytest

from dispatch.api import problems, signed_in
from dispatch.domain import assignment, candidates, events, incident, judging, kpi, press, unit
from dispatch.domain.alarm_rules import AlarmKind
from dispatch.domain.policy_settings import ACCIDENT_SPECIALIST
from dispatch.domain.refusals import Refused
from dispatch.main import create_app
from dispatch.service import sessions, situations
from dispatch.service.assigning import NEED_ALARMS
from dispatch.settings import Settings
from gateway import protocol
from gateway.parsing import Fault, Refusal, parse_car_frame

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
PROTOCOL: Final = (DOCS / "protocol.md").read_text(encoding="utf-8")
EXAMPLES: Final = re.findall(r"^```json\n(.*?)^```", PROTOCOL, re.DOTALL | re.MULTILINE)
PAGES: Final = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
WORDS: Final[tuple[type[StrEnum], ...]] = (
    events.EventKind,
    events.SaidBy,
    assignment.AssignmentState,
    incident.Category,
    incident.AccidentClass,
    incident.IncidentState,
    unit.UnitStatus,
    press.ReviewReason,
    kpi.Exclusion,
    protocol.Step,
    protocol.RejectedCode,
    protocol.ErrorCode,
    protocol.EndReason,
)


def _named(word: str) -> bool:
    return f"`{word}`" in PROTOCOL


def _sources(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _words_of(*modules: ModuleType) -> set[str]:
    """Every text in them that may be a code."""
    nodes = [node for module in modules for node in ast.walk(ast.parse(inspect.getsource(module)))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", text)}


def _constants(call: ast.Call, name: str) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


def _problem_codes() -> set[str]:
    """Every code that a problem detail can carry: of refusals, of statuses, and those written at the place of use."""
    codes = set(problems._CODE_OF_STATUS.values())
    codes |= {kind.code for kind in problems.STATUS_OF}
    codes |= {Refused.code, signed_in.CsrfRefused.code, sessions.BadCredentials.code, "error"}
    for node in _sources("dispatch/api"):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem":
            codes |= {str(a.value) for a in node.args[1:2] if isinstance(a, ast.Constant)}
    return codes


def _alarm_kinds() -> set[str]:
    kinds, named = {*AlarmKind, *NEED_ALARMS}, 0
    for node in _sources("dispatch/service"):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "raise_alarm":
            written = set(_constants(node, "kind"))
            kinds |= written
            named += not written
    assert named == len(NEED_ALARMS) + 1  # and one that raises any AlarmKind: who adds a name adds it here
    return kinds


def test_the_openapi_document_is_the_app_s() -> None:
    """docs/openapi.json is what a server gives; `make docs` writes it anew."""
    app = create_app(Settings(database_url="postgresql://none", nats_url="nats://none"))
    written = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(written) == app.openapi(), "run `make docs`"
    assert written == json.dumps(json.loads(written), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_web_s_types_know_every_call_and_every_part_of_the_document() -> None:
    """web/ was not left behind when the API changed: the same addresses, the same parts with the same members."""
    document = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    types = (ROOT / "web/src/lib/api/schema.d.ts").read_text(encoding="utf-8")
    assert set(re.findall(r'^    "(/[^"]*)": \{', types, re.MULTILINE)) == set(document["paths"])
    parts = dict(re.findall(r"^        (\w+): \{\n(.*?)^        \};", types, re.DOTALL | re.MULTILINE))
    for name, schema in document["components"]["schemas"].items():
        members = set(re.findall(r"^            (\w+)\??: ", parts[name], re.MULTILINE))
        assert members == set(schema["properties"]), name


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_link_is_read_by_the_codec(example: str) -> None:
    """What a reader copies from the page works: no example is refused, and none has a member that is ignored."""
    said = json.loads(example)
    messages = said if isinstance(said, list) else [said]
    read: list[Any]
    if messages[0]["type"] in protocol.CAR_TYPES:
        read = parse_car_frame(example)
        assert not [item for item in read if isinstance(item, Fault | Refusal)]
    else:
        read = [protocol.decode_from_gateway(json.dumps(message)) for message in messages]
    for message, item in zip(messages, read, strict=True):
        understood = msgspec.to_builtins(item)
        assert {name: value for name, value in message.items() if value is not None} == understood


def test_each_message_of_the_link_has_an_example() -> None:
    """A reader finds every message as real JSON, but `order_update`, which has the members of `order`."""
    shown = set(re.findall(r'"type": "(\w+)"', "".join(EXAMPLES))) - {"LineString"}
    assert shown == (protocol.CAR_TYPES | protocol.GATEWAY_TYPES) - {"order_update"}


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__name__)
def test_every_word_that_leaves_the_house_is_named(words: type[StrEnum]) -> None:
    """Whoever meets a code in an answer finds it in docs/protocol.md."""
    assert not [word.value for word in words if not _named(word.value)]


def test_the_table_of_problems_has_every_code_and_its_status() -> None:
    """No refusal comes with a code that the page doesn't have, and the page has none that never comes."""
    codes = _problem_codes()
    assert {"unit_busy", "csrf", "bad_json", "internal", "unavailable"} <= codes
    statuses = {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PROTOCOL, re.MULTILINE)}
    assert set(statuses) == codes - {"refused", "error"}
    assert all(statuses[kind.code] == status for kind, status in problems.STATUS_OF.items())


def test_the_table_of_alarms_has_every_kind() -> None:
    """A screen that knows the page's alarms knows all that can be raised."""
    kinds = _alarm_kinds()
    assert {"sos", "no_unit"} <= kinds
    assert set(re.findall(r"^\| `(\w+)` \| (?:alarm|warning)\b", PROTOCOL, re.MULTILINE)) == kinds


def test_the_table_of_reasons_has_every_code() -> None:
    """A screen that knows the page's reasons of candidates knows all that a unit can come with."""
    given = {f"lacks_{ACCIDENT_SPECIALIST}", *situations.WHY_NOT_AGAIN.values(), *_words_of(judging, candidates)}
    table = PROTOCOL.partition("`reasons` are codes:")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == given


def test_every_close_code_is_explained() -> None:
    """The table of close codes has each one that the gateway uses."""
    used = {value for name, value in vars(protocol).items() if name.startswith("CLOSE_")}
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", PROTOCOL, re.MULTILINE)} == used


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    """No page points at one that was moved or never written."""
    text = page.read_text(encoding="utf-8")
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    named = re.findall(r"`((?:docs|tests|dispatch|gateway|vehicle_agent|web|bench)/[\w./-]+)`", text)
    missing = [t for t in targets if not (page.parent / t).exists()] + [n for n in named if not (ROOT / n).exists()]
    assert not missing


def test_decisions_are_numbered_without_holes() -> None:
    """A number is never given twice or left out, and each title begins with the number of its file."""
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        found = re.match(r"# (\d+)\.? ", page.read_text(encoding="utf-8"))
        assert found is not None, page.name
        assert int(found[1]) == int(page.name[:4]), page.name
