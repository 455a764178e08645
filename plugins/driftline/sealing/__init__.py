"""Seals: a closed quarter's published rows and inputs, hashed and kept, so that it can be proven unchanged years later.

`seal` closes a quarter, `correct` replaces it by a new version; `verifying` and `rebuilding` hold a seal against what
is there. What the numbers are is the dbt project's matter, whether they may be shown that of `quality`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from driftline import publish
from driftline.errors import SealError
from driftline.sealing import storing
from driftline.sealing.canonical import Rules, pseudonym_key
from driftline.sealing.code import Code, code_of_build
from driftline.sealing.exporting import export_inputs, export_published
from driftline.sealing.manifest import Decision, describe, sha256_of
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

__all__ = ["Decision", "SealReport", "correct", "folder_of", "seal"]

_AGAIN = "Build the quarter again, then check, publish and seal that build."


@dataclass(frozen=True)
class SealReport:
    """One quarter of one client, sealed. `folder` holds it as plain files."""

    client_id: str
    quarter: str
    version: int
    manifest_sha256: str
    row_count: int
    folder: Path


@dataclass(frozen=True)
class _Build:
    build_id: str
    quarter: str
    code: Code


def seal(
    settings: Settings, *, build_id: str, decision: Decision, now: datetime, client_id: str | None = None
) -> list[SealReport]:
    """Seal the quarter of every client whose rows of this build are published, or of the one named.

    Of all clients, those are passed over whose quarter is sealed already, or not over in their own time. Raises
    SealError, with nothing changed, when the build's inputs are not those that lie there now, or a client's quarter
    cannot be sealed.
    """
    _require_name(decision)
    reports = []
    for each in _sealable(settings, build_id, client_id):
        with (
            connect(settings, role=Role.PUBLISHER, application="driftline seal") as connection,
            connection.cursor() as cursor,
        ):
            build = _hold(settings, cursor, build_id)
            version, _ = storing.last_version(cursor, each, build.quarter)
            if client_id is None and (version or not _is_over(cursor, build_id, each)):
                continue
            if version:
                raise SealError(
                    f"{build.quarter} is sealed already, as version {version}.",
                    client_id=each,
                    hint="A correction has a reason: driftline seal --correct REASON",
                )
            reports.append(_seal(settings, cursor, build, each, decision, reason="", now=now))
    return reports


def correct(
    settings: Settings, *, build_id: str, client_id: str, reason: str, decision: Decision, now: datetime
) -> SealReport:
    """Publish a build's rows in place of sealed ones and seal them as the next version, both or neither."""
    _require_name(decision)
    if len(reason.strip()) < 10:
        raise SealError("a correction says why.", client_id=client_id, hint="Give a reason of ten characters or more.")
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline seal") as connection,
        connection.cursor() as cursor,
    ):
        build = _hold(settings, cursor, build_id)
        if not storing.last_version(cursor, client_id, build.quarter)[0]:
            raise SealError(f"{build.quarter} is not sealed.", client_id=client_id, hint="Seal it without --correct.")
        publish.correct(cursor, build_id=build_id, client_id=client_id, now=now)
        return _seal(settings, cursor, build, client_id, decision, reason=reason.strip(), now=now)


def folder_of(settings: Settings, client_id: str, quarter: str, version: int) -> Path:
    """Say where a seal's files are."""
    return settings.build_folder / "seals" / quarter / client_id / f"v{version}"


def _require_name(decision: Decision) -> None:
    if not decision.decided_by.strip() or decision.decided_by.strip().lower() == "anonymous":
        raise SealError("a seal names who decided it.", hint="Say who: --by NAME; in Airflow, log in as somebody.")


def _sealable(settings: Settings, build_id: str, client_id: str | None) -> list[str]:
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute("select client_id from ops.build_client where build_id = %s order by 1", (build_id,))
        known = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "select client_id from review.publication where build_id = %s and is_published order by 1", (build_id,)
        )
        published = [name for (name,) in cursor.fetchall()]
    if client_id is None:
        return published
    if client_id not in published:
        what = "was not published" if client_id in known else "does not have this client"
        raise SealError(f"build {build_id} {what}; only what is published is sealed.", client_id=client_id)
    return [client_id]


def _hold(settings: Settings, cursor: Cursor, build_id: str) -> _Build:
    """Keep the build's tables as they are for this transaction; raise SealError where they are another's by now."""
    hold_for_transaction(cursor, publish.PUBLISH_LOCK)
    hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
    cursor.execute(
        "select quarter, code_sha256, (select build_id from ops.build order by started_at desc limit 1)"
        " from ops.build where build_id = %s and state = 'succeeded'",
        (build_id,),
    )
    row = cursor.fetchone()
    if row is None or row[0] is None:
        raise SealError(f"build {build_id} is no successful build of a quarter.", hint="Run: driftline build --quarter")
    quarter, code_sha256, last_build_id = row
    if last_build_id != build_id:
        raise SealError(f"the marts are those of build {last_build_id}, not of {build_id}.", hint=_AGAIN)
    return _Build(build_id, quarter, code_of_build(settings, code_sha256))


def _seal(
    settings: Settings, cursor: Cursor, build: _Build, client_id: str, decision: Decision, *, reason: str, now: datetime
) -> SealReport:
    _refuse_unfit(cursor, build, client_id)
    rules, key = Rules(), pseudonym_key(settings.hash_salt, client_id)
    version, previous = storing.last_version(cursor, client_id, build.quarter)
    parts = {
        "published": export_published(cursor, client_id=client_id, quarter=build.quarter, rules=rules, key=key),
        "inputs": export_inputs(
            cursor,
            build.code.inputs,
            client_id=client_id,
            quarter=build.quarter,
            build_id=build.build_id,
            rules=rules,
            key=key,
        ),
    }
    manifest = describe(
        cursor, client_id=client_id, quarter=build.quarter, version=version + 1, previous_sha256=previous,
        reason=reason, build_id=build.build_id, code=build.code, rules=rules, decision=decision,
        suites=settings.expectations_folder, parts=parts, now=now,
    )  # fmt: skip
    storing.insert(cursor, manifest, parts, now)
    folder = folder_of(settings, client_id, build.quarter, version + 1)
    storing.write_folder(folder, manifest, parts)
    return SealReport(
        client_id=client_id,
        quarter=build.quarter,
        version=version + 1,
        manifest_sha256=sha256_of(manifest),
        row_count=sum(part.row_count for items in parts.values() for part in items),
        folder=folder,
    )


def _is_over(cursor: Cursor, build_id: str, client_id: str) -> bool:
    cursor.execute("select set_config('driftline.build_id', %s, true)", (build_id,))
    cursor.execute("select as_of_at >= quarter_ends_at from quality.checked_client where client_id = %s", (client_id,))
    return bool((cursor.fetchone() or (False,))[0])


def _refuse_unfit(cursor: Cursor, build: _Build, client_id: str) -> None:
    cursor.execute("select set_config('driftline.build_id', %s, true)", (build.build_id,))
    cursor.execute(
        "select c.as_of_at >= c.quarter_ends_at, c.quarter_ends_at, s.build_id, coalesce(s.is_stale, false),"
        " exists (select from ops.client_run r join ops.build b on b.build_id = c.build_id"
        "   where r.client_id = c.client_id and r.state = 'succeeded' and r.finished_at > b.started_at)"
        " from quality.checked_client c"
        " left join review.scorecard s on s.client_id = c.client_id and s.quarter = c.quarter"
        " where c.client_id = %s limit 1",
        (client_id,),
    )
    row = cursor.fetchone()
    if row is None:
        raise SealError(f"build {build.build_id} does not have this client.", client_id=client_id)
    is_over, ends_at, published_build, is_stale, is_read_since = row
    if not is_over:
        raise SealError(f"{build.quarter} is not over before {ends_at:%Y-%m-%d %H:%M} UTC.", client_id=client_id)
    if published_build != build.build_id or is_stale:
        raise SealError(
            f"what is published of {build.quarter} is not of build {build.build_id}.", client_id=client_id, hint=_AGAIN
        )
    if is_read_since:
        raise SealError(f"it was read again since build {build.build_id}.", client_id=client_id, hint=_AGAIN)
