"""What is typed behind `patrol incidents import`: each mistake is wrong use that names its option."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import typer

from dispatch.commands import import_options as options
from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import Exclusion

EXCLUSION = {"exclusion": "disposition"}


def test_columns() -> None:
    """A column may hold an equals sign, and blanks inside."""
    given = ["incident=case no", " received_at = a=b "]
    assert options.columns_of(given) == {"incident": "case no", "received_at": "a=b"}


def test_words() -> None:
    """A word may hold an equals sign; the last one counts."""
    assert options.category_words(["a=b=traffic_accident"]) == {"a=b": Category.TRAFFIC_ACCIDENT}
    assert options.priority_words(["E=1", "3=4"]) == {"E": Priority.IMMEDIATE, "3": Priority.LOW}
    assert options.exclusion_words(["No  need = cancelled", "a=b=test"], {"exclusion": "x"}) == {
        "No need": Exclusion.CANCELLED,
        "a=b": Exclusion.TEST,
    }
    assert options.exclusion_words([], {}) == {}
    assert options.default_category("service") is Category.SERVICE
    assert options.default_category("refuse") is None


@pytest.mark.parametrize(
    ("ask", "option", "said"),
    [
        (lambda: options.columns_of(["incident"]), "--map", "FIELD=COLUMN"),
        (lambda: options.columns_of(["incident="]), "--map", "FIELD=COLUMN"),
        (lambda: options.columns_of(["number=x"]), "--map", "no field 'number'"),
        (lambda: options.columns_of(["incident=x", "incident=y"]), "--map", "twice"),
        (lambda: options.columns_of(["incident=x"]), "--map", "received_at=COLUMN"),
        (lambda: options.zone_of("Asia/Taibei"), "--zone", "Asia/Taibei"),
        (lambda: options.zone_of("../etc/passwd"), "--zone", "no time zone"),
        (lambda: options.zone_of(""), "--zone", "no time zone"),
        (lambda: options.category_words(["x"]), "--category", "WORD=CATEGORY"),
        (lambda: options.category_words(["=other"]), "--category", "WORD=CATEGORY"),
        (lambda: options.category_words(["x=fire"]), "--category", "'fire' is none of criminal"),
        (lambda: options.category_words(["x=other", "x=service"]), "--category", "twice"),
        (lambda: options.priority_words(["E=0"]), "--priority", "1..4"),
        (lambda: options.priority_words(["E=high"]), "--priority", "1..4"),
        (lambda: options.exclusion_words(["x"], EXCLUSION), "--exclude", "WORD=REASON"),
        (lambda: options.exclusion_words(["x=late"], EXCLUSION), "--exclude", "'late' is none of cancelled"),
        (lambda: options.exclusion_words(["x=pending"], EXCLUSION), "--exclude", "'pending' is none of cancelled"),
        (lambda: options.exclusion_words(["a b=test", "a  b=cancelled"], EXCLUSION), "--exclude", "twice"),
        (lambda: options.exclusion_words(["x=test"], {}), "--exclude", "--map exclusion=COLUMN"),
        (lambda: options.exclusion_words([], EXCLUSION), "--exclude", "--exclude WORD=cancelled"),
        (lambda: options.default_category("fire"), "--category-default", "none of"),
    ],
)
def test_mistakes(ask: Callable[[], object], option: str, said: str) -> None:
    """The option is named, and what is allowed."""
    with pytest.raises(typer.BadParameter) as refused:
        ask()
    assert refused.value.param_hint == option
    assert said in refused.value.message
