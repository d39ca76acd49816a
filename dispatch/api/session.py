"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import CurrentSession, SessionView, SignIn
from dispatch.api.signed_in import COOKIE, IS_SIGNED_IN, SignedIn, TheDesk, tokens_of
from dispatch.service.sessions import SignIns, sign_in, sign_out

router = api_router("session")


def _sign_ins(request: Request) -> SignIns:
    sign_ins: SignIns = request.app.state.sign_ins
    return sign_ins


@router.post("/session", responses=described(401, 429))
async def sign_in_here(
    body: SignIn, desk: TheDesk, response: Response, sign_ins: Annotated[SignIns, Depends(_sign_ins)]
) -> SessionView:
    """Sign in. A browser keeps the cookie that comes with the answer; a program sends the token as bearer token."""
    token, session = await sign_in(desk, sign_ins, body.username, body.password)
    response.set_cookie(
        COOKIE,
        token,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
        path="/",
    )
    return SessionView.model_validate(
        {
            "token": token,
            "role": session.role,
            "expires_at": session.expires_at,
            "username": session.username,
            "csrf_token": session.csrf_token,
        }
    )


@router.get("/session", responses=described(401))
async def who_am_i(session: SignedIn) -> CurrentSession:
    """The signed-in user."""
    return CurrentSession.model_validate(session)


@router.delete("/session", status_code=204, responses=described(401, 403), dependencies=[IS_SIGNED_IN])
async def sign_out_here(request: Request, desk: TheDesk, response: Response) -> None:
    """Sign out; the token is worth nothing from now on."""
    token, _ = tokens_of(request)
    if token:
        await sign_out(desk.engine, token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=desk.settings.secure_cookie)
