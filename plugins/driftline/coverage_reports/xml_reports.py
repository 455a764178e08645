"""Cobertura and JUnit XML, streamed: no tree is built, and entities are refused before they expand."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import BinaryIO
from xml.sax import SAXException  # the error class only; parsing goes through defusedxml
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException, sax

from driftline.coverage_reports.facts import Facts, LineCount, TestCount, believable_rate
from driftline.errors import ReportError

# A report is some ten elements deep; deeper, it is no report.
_MAX_DEPTH = 64
_MILLISECONDS_FROM = 100_000_000_000  # seconds since 1970 reach this in the year 5138


def parse(stream: BinaryIO) -> Facts:
    """Read one XML report; raise ReportError for what is no XML, no known report, or not to be believed."""
    handler = _Handler()
    try:
        # A DOCTYPE may name Cobertura's DTD; nothing is ever fetched, and any declared entity is refused.
        sax.parse(stream, handler, forbid_entities=True, forbid_external=False)
    except DefusedXmlException as error:
        raise ReportError(f"it declares entities, which no report needs ({type(error).__name__}).") from None
    except SAXException as error:
        raise ReportError(f"it is not well-formed XML: {error.getMessage()}.") from None
    return handler.facts()


class _Handler(ContentHandler):
    """Follow the elements of either kind; which one it is, the root tells."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._cobertura = _Cobertura()
        self._junit = _Junit()

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        if not self._open and name not in ("coverage", "testsuites", "testsuite"):
            raise ReportError(f"its root is <{name}>; expected <coverage> (Cobertura) or <testsuites> (JUnit).")
        self._open.append(name)
        if len(self._open) > _MAX_DEPTH:
            raise ReportError(f"its elements lie more than {_MAX_DEPTH} deep; it is no report.")
        if self._open[0] == "coverage":
            self._cobertura.start(name, dict(attrs.items()), self._open)
        else:
            self._junit.start(name, dict(attrs.items()))

    def characters(self, content: str) -> None:
        if self._open[-1:] == ["source"]:
            self._cobertura.source += content

    def endElement(self, name: str) -> None:
        self._open.pop()
        if name == "testcase":
            self._junit.end_case()

    def facts(self) -> Facts:
        return self._cobertura.facts() if self._cobertura.is_root_seen else self._junit.facts()


class _Cobertura:
    def __init__(self) -> None:
        self.is_root_seen = False
        self.source = ""
        self._sources = 0
        self._reported_at: datetime | None = None
        self._file = ""
        self._hits: defaultdict[str, dict[int, bool]] = defaultdict(dict)

    def start(self, name: str, attributes: dict[str, str], path: list[str]) -> None:
        if name in ("coverage", "package", "class"):
            what = f"<{name}{' ' + attributes['name'] if attributes.get('name') else ''}>"
            believable_rate(attributes.get("line-rate", ""), what=what)
        if name == "coverage":
            self._start_root(attributes)
        elif name == "source":
            self._sources += 1
        elif name == "class":
            if not attributes.get("filename"):
                raise ReportError("a <class> has no filename.")
            self._file = attributes["filename"]
            self._hits[self._file]  # a file without lines is named all the same
        elif name == "line" and "methods" not in path:
            number, hits = _count(attributes, "number"), _count(attributes, "hits")
            lines = self._hits[self._file]
            lines[number] = lines.get(number, False) or hits > 0

    def _start_root(self, attributes: dict[str, str]) -> None:
        self.is_root_seen = True
        self._reported_at = _moment_of_number(attributes.get("timestamp", ""))
        if {"lines-covered", "lines-valid"} <= set(attributes):
            covered, valid = _count(attributes, "lines-covered"), _count(attributes, "lines-valid")
            if covered > valid:
                raise ReportError(f"it claims {covered} covered lines of {valid}.")

    def facts(self) -> Facts:
        if not self._hits:
            raise ReportError("it names no source file; Cobertura has <class filename=…> elements.")
        # Run inside of a module, paths begin below it; the one source folder then names it.
        prefix = f"{self.source.strip()}/" if self._sources == 1 and self.source.strip() not in ("", ".") else ""
        lines = {
            name if name.startswith("/") else prefix + name: LineCount(sum(hits.values()), len(hits))
            for name, hits in self._hits.items()
        }
        return Facts("cobertura", self._reported_at, lines=lines)


class _Junit:
    def __init__(self) -> None:
        self._reported_at: datetime | None = None
        self._outcomes: set[str] = set()
        self._name = ""
        self._tests: defaultdict[str, TestCount] = defaultdict(TestCount)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("testsuites", "testsuite"):
            self._start_suite(attributes)
        elif name == "testcase":
            self._name, self._outcomes = attributes.get("classname") or attributes.get("name", ""), set()
        elif name in ("failure", "error", "skipped"):
            self._outcomes.add(name)

    def _start_suite(self, attributes: dict[str, str]) -> None:
        kinds = ("failures", "errors", "skipped")
        told = sum(_count(attributes, kind) for kind in kinds if attributes.get(kind))
        if attributes.get("tests") and told > _count(attributes, "tests"):
            raise ReportError(f"it claims {told} failed or skipped tests of {attributes['tests']}.")
        moment = _moment_of_text(attributes.get("timestamp", ""))
        self._reported_at = max(filter(None, (self._reported_at, moment)), default=None)

    def end_case(self) -> None:
        is_failed = bool(self._outcomes & {"failure", "error"})
        is_skipped = not is_failed and "skipped" in self._outcomes
        self._tests[self._name] += TestCount(1, int(is_failed), int(is_skipped))

    def facts(self) -> Facts:
        if not self._tests:
            raise ReportError("it has no <testcase>: no test was run.")
        return Facts("junit", self._reported_at, tests=dict(self._tests))


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ReportError(f"'{name}' is '{text[:40]}', which is no count.")
    return int(text)


def _moment_of_number(text: str) -> datetime | None:
    try:
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _moment_of_text(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
