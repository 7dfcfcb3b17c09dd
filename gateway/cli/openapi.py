"""`openapi`: print what the API is, for those who write programs."""

import typer


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("openapi")(openapi)


def openapi() -> None:
    """Print the OpenAPI document as JSON. Example: hearthline-gateway openapi > api.json."""
    import json

    from gateway.api.openapi import api_alone

    print(json.dumps(api_alone().openapi(), indent=2, ensure_ascii=False))
