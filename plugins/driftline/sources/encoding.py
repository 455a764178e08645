"""Odoo's RPC answers as rows of PostgreSQL's COPY text format, decoded to what direct reading gives.

What `False` means is decided by the field's type: no value, except for a boolean.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from driftline.catalogue import Column, Decoder, Stored
from driftline.sources.decoding import SENSITIVE_NAMES, VIEW_FIELDS

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x08": "\\b", "\x0c": "\\f", "\x0b": "\\v"}
)
_NULL = "\\N"
_SENSITIVE = re.compile(SENSITIVE_NAMES, re.IGNORECASE)
_VIEW_FIELD = re.compile(VIEW_FIELDS)

Encoder = Callable[[Mapping[str, Any]], str]


def escape(text: str) -> str:
    """Write a text as COPY wants it. PostgreSQL, and so Odoo, cannot hold NUL."""
    return text.translate(_ESCAPES)


def content_version(line: str) -> int:
    """Stand in for the row version that RPC does not show: a signed 64-bit digest of the row's own content."""
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest(), "big", signed=True)


def encoders(columns: Sequence[Column], *, salt: str, selection_fields: Callable[[], frozenset[int]]) -> list[Encoder]:
    """Make one function per column that takes a record and gives its COPY text.

    `selection_fields` gives the ids of the selection fields in ir.model.fields; it is asked only where one is needed.
    """
    return [_encoder(column, salt=salt, selection_fields=selection_fields) for column in columns]


def companions(columns: Sequence[Column]) -> list[str]:
    """Name the further fields that the decoders of these columns look at."""
    needed = {Decoder.HASH_IF_SECRET_KEY: "key"}
    return [needed[column.field.decode] for column in columns if column.field.decode in needed]


def _encoder(column: Column, *, salt: str, selection_fields: Callable[[], frozenset[int]]) -> Encoder:
    name = column.source
    match column.field.decode:
        case Decoder.PLAIN:
            write = _WRITERS.get(column.field.type, _text)
            return lambda record: write(record[name])
        case Decoder.MD5:
            return _of_text(name, lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())
        case Decoder.HASHED:
            return _of_text(name, lambda text: _hashed(text, salt))
        case Decoder.HASH_IF_SECRET_KEY:
            return lambda record: _text(
                _hashed(record[name], salt) if record[name] and _SENSITIVE.search(record["key"]) else record[name]
            )
        case Decoder.PRESENCE:
            return lambda record: "t" if record[name] else "f"
        case Decoder.LENGTH:
            return _of_text(name, lambda text: str(len(text)))
        case Decoder.FIELD_NAMES:
            return _of_text(name, lambda text: escape(json.dumps(sorted(set(_VIEW_FIELD.findall(text))))))
        case Decoder.SELECTION_LABEL:
            labels = selection_fields()
            return lambda record: _text(record[name]) if _id(record["field_id"]) in labels else _NULL


def _of_text(name: str, decode: Callable[[str], str]) -> Encoder:
    return lambda record: _NULL if record[name] is False or record[name] is None else decode(record[name])


def _hashed(text: str, salt: str) -> str:
    return "sha256:" + hashlib.sha256((salt + text).encode()).hexdigest()


def _text(value: Any) -> str:
    return _NULL if value is False or value is None else escape(value if isinstance(value, str) else str(value))


def _boolean(value: Any) -> str:
    return "t" if value else "f"


def _number(value: Any) -> str:
    return _NULL if value is False or value is None else repr(value)


def _id(value: Any) -> Any:
    # load=None gives the bare id; a server that ignores it gives [id, name].
    return value[0] if isinstance(value, list | tuple) else value


def _many2one(value: Any) -> str:
    return _number(_id(value))


_WRITERS: dict[Stored, Callable[[Any], str]] = {
    Stored.BOOLEAN: _boolean,
    Stored.INTEGER: _number,
    Stored.MANY2ONE: _many2one,
    Stored.FLOAT: _number,
    Stored.MONETARY: _number,
}
