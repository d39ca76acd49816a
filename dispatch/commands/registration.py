"""`patrol user …` and `patrol vehicle …`: accounts, vehicles and the tokens of their devices."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import segno
import typer

from dispatch.commands.access import Access, DataOption, with_data
from dispatch.service import accounts, fleet
from gateway.enrol_protocol import SCAN_PREFIX

CODE_MINUTES: Final = 60

users = typer.Typer(help="Accounts of people and programs.", no_args_is_help=True)
vehicles = typer.Typer(help="Vehicles, their units and their devices.", no_args_is_help=True)


class Role(StrEnum):
    """As `accounts.ROLES`."""

    DISPATCHER = "dispatcher"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"


class VehicleType(StrEnum):
    """As `fleet.VEHICLE_TYPES`."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    OTHER = "other"


Plate = Annotated[str, typer.Argument(metavar="PLATE", help="Number plate.")]


@users.command("add")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")],
    *,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    data: DataOption = None,
) -> None:
    """Make an account; the password is one line on standard input."""
    password = _password()
    if not password:
        raise typer.BadParameter("no password came on standard input", param_hint="password")

    async def add(access: Access) -> None:
        await accounts.add_user(access.engine, name, password, role.value)

    with_data(data, add)
    if len(password) < accounts.SHORT_PASSWORD:
        typer.echo(f"patrol: a password of fewer than {accounts.SHORT_PASSWORD} characters is weak", err=True)


@vehicles.command("add")
def add_vehicle(
    plate: Plate,
    *,
    unit: Annotated[str, typer.Option(metavar="NAME", help="Call sign of the unit that drives it.")],
    type_: Annotated[VehicleType, typer.Option("--type", help="What it is.")],
    capability: Annotated[list[str] | None, typer.Option(metavar="C", help="What it can do; may be repeated.")] = None,
    station: Annotated[str | None, typer.Option(metavar="S", help="Its station; made where it is new.")] = None,
    crew: Annotated[
        int | None, typer.Option(metavar="N", help="Officers on it; without it one on a motorcycle, else two.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Register a vehicle and the unit that drives it."""

    async def add(access: Access) -> bool:
        return await fleet.add_vehicle(
            access.engine,
            plate,
            unit_name=unit,
            vehicle_type=type_.value,
            capabilities=capability,
            station=station,
            crew=crew,
        )

    if with_data(data, add):
        typer.echo(f"patrol: there was no station {station}; it is new, and has no position yet", err=True)


@vehicles.command("enrol")
def enrol_vehicle(plate: Plate, *, data: DataOption = None) -> None:
    """Print a fresh device token, once; an earlier one is worth nothing from now on."""

    async def enrol(access: Access) -> str:
        token, device_id = await fleet.enrol(access.engine, plate, _now)
        await access.announce("devices", {"device_id": str(device_id)})
        return token

    typer.echo(with_data(data, enrol))


@vehicles.command("code")
def code_for_vehicle(
    plate: Plate,
    *,
    minutes: Annotated[
        int, typer.Option(metavar="N", min=1, max=7 * 24 * 60, help="How long it is good.")
    ] = CODE_MINUTES,
    qr: Annotated[bool, typer.Option("--qr", help="Draw it for a scanner as well.")] = False,
    data: DataOption = None,
) -> None:
    """Print a one-time code for the car's screen or `patrol-agent enrol`, and the same as a line for a scanner.

    The token of before stays good until the car has used the new one.
    """

    async def make(access: Access) -> str:
        return await fleet.enrolment_code(access.engine, plate, timedelta(minutes=minutes), _now)

    code = with_data(data, make)
    typer.echo(code)
    typer.echo(f"{SCAN_PREFIX}{code}")
    if qr:
        segno.make(f"{SCAN_PREFIX}{code}", micro=False).terminal(compact=True)
    typer.echo(f"patrol: good once, for {minutes} minutes", err=True)


@vehicles.command("revoke")
def revoke_vehicle(plate: Plate, *, data: DataOption = None) -> None:
    """Make the vehicle's device token worth nothing, and end its link."""

    async def revoke(access: Access) -> None:
        device_id = await fleet.revoke(access.engine, plate, _now)
        await access.announce("devices", {"device_id": str(device_id)})

    with_data(data, revoke)


def _now() -> datetime:
    return datetime.now(UTC)


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")
