"""What ODS and ODT have in common: the package (OpenDocument 1.2, part 3) and its parts beside the content.

The version is that of CNS 15251, which Taiwan's offices exchange. Nothing in a package tells when or where it was made:
its files have one order and one date, are stored as they are (compressors differ), and its only time is the document's.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from dispatch.reports.document import Document

VERSION: Final = "1.2"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
FONT: Final = "Noto Sans TC"
_FAMILY: Final = "'Noto Sans TC', 'Noto Sans CJK TC', 'Microsoft JhengHei', 'PingFang TC'"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

NAMESPACES: Final = "".join(
    f' xmlns:{prefix}="{name}"'
    for prefix, name in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
        "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
        "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
        "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
        "dc": "http://purl.org/dc/elements/1.1/",
    }.items()
)
FONT_FACES: Final = (
    f"<office:font-face-decls><style:font-face style:name={quoteattr(FONT)} svg:font-family={quoteattr(_FAMILY)}/>"
    "</office:font-face-decls>"
)


def text(words: str) -> str:
    """As XML; what XML can't carry becomes a blank."""
    return escape(_NOT_IN_XML.sub(" ", words))


def attribute(words: str) -> str:
    """The same, with its quotation marks."""
    return quoteattr(_NOT_IN_XML.sub(" ", words))


def content(styles: str, body: str) -> str:
    """content.xml."""
    return (
        f'{DECLARATION}<office:document-content{NAMESPACES} office:version="{VERSION}">{FONT_FACES}'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>{body}</office:body>"
        "</office:document-content>\n"
    )


def styles(named: str = "") -> str:
    """styles.xml: A4, landscape, with `named` styles of the kind of document."""
    tongue = 'fo:language="en" fo:country="US" style:language-asian="zh" style:country-asian="TW"'
    letters = (
        f'<style:text-properties style:font-name="{FONT}" style:font-name-asian="{FONT}" fo:font-size="10pt" '
        f'style:font-size-asian="10pt" {tongue}/>'
    )
    defaults = "".join(
        f'<style:default-style style:family="{family}">{letters}</style:default-style>'
        for family in ("paragraph", "table-cell")
    )
    layout = (
        '<style:page-layout style:name="Page"><style:page-layout-properties fo:page-width="29.7cm" '
        'fo:page-height="21cm" style:print-orientation="landscape" fo:margin-top="1.5cm" fo:margin-bottom="1.5cm" '
        'fo:margin-left="1.5cm" fo:margin-right="1.5cm"/></style:page-layout>'
    )
    return (
        f'{DECLARATION}<office:document-styles{NAMESPACES} office:version="{VERSION}">{FONT_FACES}'
        f"<office:styles>{defaults}{named}</office:styles><office:automatic-styles>{layout}</office:automatic-styles>"
        '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Page"/>'
        "</office:master-styles></office:document-styles>\n"
    )


def package(mimetype: str, document: Document, parts: Mapping[str, str]) -> bytes:
    """The file: mimetype first, then `parts` and meta.xml, then the manifest, which names each of them."""
    whole = {**parts, "meta.xml": _meta(document)}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, words in {"mimetype": mimetype, **whole, "META-INF/manifest.xml": _manifest(mimetype, whole)}.items():
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, words.encode())
    return sink.getvalue()


def _meta(document: Document) -> str:
    at = f"{document.dated.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'{DECLARATION}<office:document-meta{NAMESPACES} office:version="{VERSION}"><office:meta>'
        f"<meta:generator>patrol</meta:generator><dc:title>{text(document.title)}</dc:title>"
        f"<dc:subject>{text(document.subtitle)}</dc:subject><meta:creation-date>{at}</meta:creation-date>"
        f"<dc:date>{at}</dc:date><dc:language>{text(document.language)}</dc:language>"
        "</office:meta></office:document-meta>\n"
    )


def _manifest(mimetype: str, parts: Mapping[str, str]) -> str:
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>' for name in parts
    )
    return (
        f'{DECLARATION}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
        f'manifest:version="{VERSION}"><manifest:file-entry manifest:full-path="/" manifest:version="{VERSION}" '
        f'manifest:media-type="{mimetype}"/>{entries}</manifest:manifest>\n'
    )
