"""What is typed behind `patrol incidents import`, as a way to read the file; each mistake names its option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_call import EXCLUDED_AS, FIELDS, NEEDED, one_line

REFUSE = "refuse"
Value = TypeVar("Value")


def columns_of(given: Sequence[str]) -> dict[str, str]:
    """FIELD=COLUMN, each field once; those that every file needs must be there. Raises BadParameter."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, column = (part.strip() for part in text.partition("="))
        if not equals or not column:
            raise typer.BadParameter(f"{text!r} is not FIELD=COLUMN", param_hint="--map")
        if name not in FIELDS:
            raise typer.BadParameter(f"there is no field {name!r}; fields: {', '.join(FIELDS)}", param_hint="--map")
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--map")
        found[name] = column
    for name in NEEDED:
        if name not in found:
            raise typer.BadParameter(f"say which column holds {name}: --map {name}=COLUMN", param_hint="--map")
    return found


def zone_of(name: str | None) -> ZoneInfo | None:
    """A zone of the IANA database. Raises BadParameter."""
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(
            f"there is no time zone {name!r}; write it such as Asia/Taipei", param_hint="--zone"
        ) from error


def category_words(given: Sequence[str]) -> dict[str, Category]:
    """WORD=CATEGORY. Raises BadParameter."""
    return _words(given, "--category", "CATEGORY", category_of)


def priority_words(given: Sequence[str]) -> dict[str, Priority]:
    """WORD=PRIORITY. Raises BadParameter."""
    return _words(given, "--priority", "1..4", lambda text, _: Priority(int(text)))


def exclusion_words(given: Sequence[str], columns: Mapping[str, str]) -> dict[str, Exclusion]:
    """WORD=REASON, and the column in which the words stand: neither without the other. Raises BadParameter."""
    if given and "exclusion" not in columns:
        raise typer.BadParameter("say in which column the words stand: --map exclusion=COLUMN", param_hint="--exclude")
    if not given and "exclusion" in columns:
        raise typer.BadParameter(
            "say which words of that column leave a call out: --exclude WORD=cancelled", param_hint="--exclude"
        )
    return _words([one_line(text) for text in given], "--exclude", "REASON", _reason_of)


def _reason_of(text: str, option: str) -> Exclusion:
    if text not in EXCLUDED_AS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(EXCLUDED_AS)}", param_hint=option)
    return Exclusion(text)


def category_of(text: str, option: str) -> Category:
    """One of ours. Raises BadParameter."""
    if text not in set(Category):
        raise typer.BadParameter(f"{text!r} is none of {', '.join(Category)}", param_hint=option)
    return Category(text)


def default_category(text: str) -> Category | None:
    """None: words that stand for none of ours are refused. Raises BadParameter."""
    return None if text == REFUSE else category_of(text, "--category-default")


def _words(given: Sequence[str], option: str, of: str, read: Callable[[str, str], Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for text in given:
        word, equals, value = (part.strip() for part in text.rpartition("="))
        if not equals or not word:
            raise typer.BadParameter(f"{text!r} is not WORD={of}", param_hint=option)
        if word in found:
            raise typer.BadParameter(f"{word!r} is given twice", param_hint=option)
        try:
            found[word] = read(value, option)
        except ValueError as error:
            raise typer.BadParameter(f"{value!r} is not {of}", param_hint=option) from error
    return found
