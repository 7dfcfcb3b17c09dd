"""What the facade can do, and how one signs in: for everybody, generated from what there is."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.access.desk import desk
from gateway.fhir.capabilities import capabilities
from gateway.fhir.links import base_of
from gateway.fhir.scopes import OFFERED
from gateway.fhir.write import answer, must_want_json

router = APIRouter(prefix="/fhir", include_in_schema=False)


@router.get("/metadata")
def metadata(request: Request) -> Response:
    """Return the CapabilityStatement."""
    must_want_json(request)
    return answer(capabilities(base_of(request), _token_url(request)))


@router.get("/.well-known/smart-configuration")
def smart(request: Request) -> Response:
    """Return what SMART App Launch 2 asks of a server for backend services."""
    told: dict[str, Any] = {
        "token_endpoint": _token_url(request),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": list(OFFERED),
        "response_types_supported": [],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
    return JSONResponse(told)


def _token_url(request: Request) -> str:
    return f"{desk(request).settings.console_origin}/oauth/token"
