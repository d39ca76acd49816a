"""docs/asyncapi.yaml says of each link message what gateway/protocol.py says, no more and no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml  # type: ignore[import-untyped] # its types are a package of their own, for one line here

from gateway import protocol
from gateway.enrol_protocol import EnrolAnswer, EnrolRequest
from gateway.protocol import CarMessage, GatewayMessage

DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs/asyncapi.yaml").read_text(encoding="utf-8")
)
SCHEMAS: Final[dict[str, Any]] = DOCUMENT["components"]["schemas"]
CODE: Final = msgspec.json.schema_components([CarMessage, GatewayMessage], ref_template="{name}")[1]
COMPARED: Final = ("type", "minimum", "maximum", "minLength", "maxLength")
TYPES: Final = protocol.CAR_TYPES | protocol.GATEWAY_TYPES


def _rule(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """What a member may hold, in one form whoever wrote it: null and enumerations as sorted lists, parts by name."""
    schema = dict(schema)
    nullable = False
    if options := schema.pop("anyOf", None):
        nullable = {"type": "null"} in options
        (schema,) = [dict(option) for option in options if option != {"type": "null"}]
    if (name := str(schema.get("$ref", "")).rpartition("/")[2]) and "enum" in parts[name]:
        schema = dict(parts[name])
    elif name:
        return {"part": name.lower().replace("_", "")}
    found: dict[str, Any] = {key: schema[key] for key in COMPARED if key in schema}
    if "const" in schema:
        schema["enum"] = [schema["const"]]
    if "enum" in schema:
        values = set(schema["enum"])
        nullable |= None in values
        found = {"enum": sorted(values - {None})}
    if isinstance(found.get("type"), list):
        nullable |= "null" in found["type"]
        (found["type"],) = set(found["type"]) - {"null"}
    if "items" in schema:
        found["items"] = _rule(schema["items"], parts)
    return found | {"nullable": nullable}


def _rules(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    return {name: _rule(member, parts) for name, member in schema["properties"].items()}


def test_every_message_stands_in_the_document_and_no_other() -> None:
    """A message added to the code without its page, or the other way round, is found here."""
    assert set(DOCUMENT["components"]["messages"]) == TYPES
    assert set(DOCUMENT["channels"]["vehicle"]["messages"]) == TYPES
    assert set(SCHEMAS) == TYPES | {"OrderIncident", "Arrived"}


def test_each_message_is_sent_by_the_side_that_the_code_says() -> None:
    """What the gateway receives are the car's messages; what it answers or sends are its own."""
    operations = [o for o in DOCUMENT["operations"].values() if o["channel"]["$ref"] == "#/channels/vehicle"]

    def named(messages: list[dict[str, str]]) -> set[str]:
        return {message["$ref"].rpartition("/")[2] for message in messages}

    received = [named(o["messages"]) for o in operations if o["action"] == "receive"]
    sent = [named(o["messages"]) for o in operations if o["action"] == "send"]
    answered = [named(o["reply"]["messages"]) for o in operations if "reply" in o]
    assert set[str]().union(*received) == protocol.CAR_TYPES
    assert set[str]().union(*sent, *answered) == protocol.GATEWAY_TYPES


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_members_and_their_bounds_are_those_of_the_code(name: str) -> None:
    """Names, what is required, types, bounds and words: a client made from the document sends what the code takes."""
    written = SCHEMAS[name]
    code = CODE[name if name in CODE else "".join(part.capitalize() for part in name.split("_"))]
    assert _rules(written, SCHEMAS) == _rules(code, CODE)
    assert set(written["required"]) == set(code["required"])


def test_every_reference_leads_somewhere() -> None:
    """A tool that follows `$ref` finds each one."""

    def follow(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                target: Any = DOCUMENT
                for step in reference.removeprefix("#/").split("/"):
                    target = target[step]
            for value in node.values():
                follow(value)
        elif isinstance(node, list):
            for value in node:
                follow(value)

    follow(DOCUMENT)


def test_the_address_is_the_code_s() -> None:
    """Path and subprotocol are the ones that the gateway listens for."""
    channel = DOCUMENT["channels"]["vehicle"]
    headers = channel["bindings"]["ws"]["headers"]["properties"]
    assert channel["address"] == protocol.PATH
    assert headers["Sec-WebSocket-Protocol"]["const"] == protocol.SUBPROTOCOL


def test_enrolment_is_the_code_s() -> None:
    """Address, subprotocol, questions and answers of the second channel, to the member."""
    channel = DOCUMENT["channels"]["enrol"]
    headers = channel["bindings"]["ws"]["headers"]["properties"]
    assert channel["address"] == protocol.ENROL_PATH
    assert headers["Sec-WebSocket-Protocol"]["const"] == protocol.ENROL_SUBPROTOCOL
    code = msgspec.json.schema_components([EnrolRequest, EnrolAnswer], ref_template="{name}")[1]
    said = {struct["properties"]["type"]["enum"][0]: struct for name, struct in code.items() if "properties" in struct}
    assert set(channel["messages"]) == set(said)
    for name, message in channel["messages"].items():
        assert _rules(message["payload"], code) == _rules(said[name], code)
        assert set(message["payload"]["required"]) == set(said[name]["required"])
