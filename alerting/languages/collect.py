"""Collects every text that can be translated, from code and rule packs, into the catalogues.

`make messages` runs it; a translator then fills what is empty. Texts in code are the first
argument of `Said.of` or of `template`, in templates of `_`, or the first two of `_n` (one, many);
in packs the titles and the label of a rule. An error of the gateway says its docstring; devices
have the names of their profiles.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from alerting.languages import ENGLISH, FOLDER, languages, read
from alerting.packs.loader import load_packs
from device_profiles.problems import ADVICE
from device_profiles.registry import PROFILES

ROOT: Final = FOLDER.parent.parent
PACKAGES: Final = ("alerting", "gateway")
ERROR: Final = "GatewayError"
KEYWORDS: Final = {"of": None, "template": None, "_": None, "_n": (1, 2)}
METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def main() -> None:
    """Bring every catalogue up to date; what is translated already stays."""
    for language in languages():
        if language != ENGLISH:
            path = FOLDER / f"{language}.po"
            path.write_bytes(updated(language))
            print(f"{path.relative_to(ROOT)}: {len(missing(language))} texts to translate")


def updated(language: str) -> bytes:
    """Return a language's catalogue with all texts of today, and no others."""
    catalogue = read(language)
    catalogue.update(collected(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    octets = BytesIO()
    write_po(octets, catalogue, width=100, sort_output=True, no_location=True, omit_header=True)
    return octets.getvalue()


def missing(language: str) -> list[str]:
    """Return the texts of today without a translation."""
    known = {str(message.id) for message in read(language) if message.string}
    return sorted(str(m.id) for m in collected() if m.id and str(m.id) not in known)


def collected() -> Catalog:
    """Return every text that can be translated."""
    found = Catalog()
    for text in (*_in_code(), *_of_errors(), *_in_packs(), *_of_devices()):
        found.add(text)
    return found


def _in_code() -> Iterator[str]:
    for package in PACKAGES:
        found = extract_from_dir(ROOT / package, method_map=METHODS, keywords=KEYWORDS)
        for _, _, text, _, _ in found:
            yield from (text,) if isinstance(text, str) else text


def _of_errors() -> Iterator[str]:
    """Return what errors say: their docstrings, which pages show."""
    known = {ERROR}
    files = [ast.parse(path.read_text()) for path in sorted((ROOT / "gateway").rglob("*.py"))]
    classes = [one for file in files for one in ast.walk(file) if isinstance(one, ast.ClassDef)]
    for _ in classes:  # until nothing is added: an error's base may stand in a later file
        found = {one.name for one in classes if known & {ast.unparse(base) for base in one.bases}}
        if found <= known:
            break
        known |= found
    for one in classes:
        if one.name == ERROR or known & {ast.unparse(base) for base in one.bases}:
            yield ast.get_docstring(one) or ""


def _in_packs() -> Iterator[str]:
    for rule in load_packs().values():
        yield from (rule.title, *rule.titles.values(), rule.label)


def _of_devices() -> Iterator[str]:
    """Return what kinds of devices there are, and what people can do where one delivers nothing."""
    yield from sorted({profile.name for profile in PROFILES.values()})
    yield from ADVICE.values()


if __name__ == "__main__":
    main()
