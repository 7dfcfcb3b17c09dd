"""The CapabilityStatement: generated from the resources and their search parameters."""

from typing import Any, Final

from gateway.fhir.ask import CONTROLS, params_of
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Resource
from gateway.fhir.scopes import SUBSCRIPTION
from gateway.fhir.write import MEDIA_TYPE

SECURITY: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
BULK: Final = "http://hl7.org/fhir/uv/bulkdata/"
# Of the text of this file and of the resources.
SINCE: Final = "2026-11-22"


def capabilities(base: str, token_url: str) -> dict[str, Any]:
    """Return it."""
    rest = {
        "mode": "server",
        "documentation": "Read only, but for Subscription. Rights, audit and the restriction of "
        "records are those of the rest of Hearthline.",
        "security": _security(token_url),
        "resource": [*(_resource(each) for each in RESOURCES.values()), _subscription()],
        "operation": [
            {"name": "export", "definition": f"{BULK}OperationDefinition/export"},
        ],
    }
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base}/metadata",
        "name": "Hearthline",
        "title": "Hearthline FHIR R4 facade",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "instantiates": [f"{BULK}CapabilityStatement/bulk-data"],
        "software": {"name": "Hearthline gateway"},
        "implementation": {"description": "Remote patient monitoring", "url": base},
        "fhirVersion": "4.0.1",
        "format": [MEDIA_TYPE, "json"],
        "rest": [rest],
    }


def _security(token_url: str) -> dict[str, Any]:
    return {
        "extension": [{"url": OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]}],
        "cors": False,
        "service": [{"coding": [{"system": SECURITY, "code": "SMART-on-FHIR"}]}],
        "description": "SMART backend services; /fhir/.well-known/smart-configuration",
    }


def _resource(resource: Resource) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": resource.type,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "not-match",
    }
    if resource.profiles:
        made["supportedProfile"] = list(resource.profiles)
    if resource.includes:
        made["searchInclude"] = [f"{resource.type}:{name}" for name in resource.includes]
    made["searchParam"] = [
        {"name": "_id", "type": "token"},
        *(_param(name, each.kind, each.about) for name, each in params_of(resource).items()),
    ]
    made["documentation"] = f"Also {', '.join(CONTROLS)}"
    if resource.type == "Patient":
        export = f"{BULK}OperationDefinition/patient-export"
        made["operation"] = [{"name": "export", "definition": export}]
    return made


def _param(name: str, kind: str, about: str) -> dict[str, str]:
    made = {"name": name, "type": kind}
    return made | ({"documentation": about} if about else {})


def _subscription() -> dict[str, Any]:
    acts = ("create", "read", "delete", "search-type")
    return {
        "type": SUBSCRIPTION,
        "interaction": [{"code": act} for act in acts],
        "versioning": "no-version",
        "documentation": "rest-hook without a payload",
    }
