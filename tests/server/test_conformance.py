"""Every recorded request of the real 17.0 and 19.0 servers, asked again: the demo server must give their answers."""

from __future__ import annotations

import json
import re
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.odoo_source import FACTS

from server.clients import Caller, loaded
from server.replays_behaviour import REPLAYS
from server.replays_http import JSON2, PLAIN
from server.replays_rpc import service_call

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

_EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "not_replayed.yml").read_text())
_NOT_COMPARED: dict[str, dict[str, str]] = _EXCEPTIONS["fields_not_compared"]
_VERSIONS = {"17": "17.0", "19": "19.0"}
_WHERE_THE_DATABASE_IS = re.compile(r'at "[^"]+", port \d+')


def recordings(version: str) -> dict[str, Any]:
    return json.loads((FACTS / version / "exchanges.json").read_text())


def units(version: str) -> set[str]:
    """Everything that was recorded: calls by name, observations by name and key."""
    recorded = recordings(version)
    found = {f"{section}.{name}" for section in ("rpc", "json2") for name in recorded.get(section, {})}
    for name, observation in recorded["behaviour"].items():
        found |= {f"behaviour.{name}.{key}" for key in observation}
    return found


def replayed(version: str) -> set[str]:
    recorded = recordings(version)
    calls = {
        f"rpc.{name}"
        for name, entry in recorded["rpc"].items()
        if "call" in entry and service_call(name, entry["call"])
    }
    plain = {f"rpc.{name}" for name in PLAIN} | {f"json2.{name}" for name in JSON2 if version == "19.0"}
    return (calls | plain | {f"behaviour.{name}" for name in REPLAYS}) & units(version) - excepted(version)


def excepted(version: str) -> set[str]:
    """The units that an entry of not_replayed.yml names, itself or by what it begins with."""
    entries = {**_EXCEPTIONS["both"], **_EXCEPTIONS[version]}
    return {unit for unit in units(version) if any(unit == name or unit.startswith(f"{name}.") for name in entries)}


@pytest.mark.parametrize("version", ["17.0", "19.0"])
def test_everything_recorded_is_replayed_or_excepted_with_a_reason(version):
    assert len(replayed(version)) > 100
    assert sorted(units(version) - replayed(version) - excepted(version)) == []


def test_no_exception_is_unused():
    unused = []
    for key, versions in (("both", ["17.0", "19.0"]), ("17.0", ["17.0"]), ("19.0", ["19.0"])):
        for name, reason in _EXCEPTIONS[key].items():
            named = [unit for v in versions for unit in units(v) if unit == name or unit.startswith(f"{name}.")]
            if not named or not reason:
                unused.append(f"{key}: {name}")
    unused += [name for name in _NOT_COMPARED if name.removeprefix("behaviour.") not in REPLAYS]
    assert unused == []


def _calls(version: str, transport: str) -> list[Any]:
    if not FACTS.is_dir():
        return []
    return [
        pytest.param(name, entry, id=f"{version}-{transport}-{name}")
        for name, entry in recordings(version)["rpc"].items()
        if transport in entry and f"rpc.{name}" in replayed(version)
    ]


def _ask(caller: Caller, transport: str, name: str, entry: dict[str, Any]) -> Any:
    service, method, arguments = service_call(name, entry["call"]) or ("", "", [])
    if transport == "jsonrpc":
        return caller.jsonrpc(service, method, *arguments)
    root = "/xmlrpc/2" if transport == "xmlrpc2" else "/xmlrpc"
    return caller.xmlrpc(service, method, *arguments, root=root)


def check_json(caller: Caller, name: str, entry: dict[str, Any]) -> None:
    response = _ask(caller, "jsonrpc", name, entry)
    recorded = entry["jsonrpc"]
    assert (response.status_code, response.headers["content-type"]) == (recorded["http"], recorded["ct"])
    assert comparable(response.json()) == comparable(recorded["body"])


def comparable(body: Any) -> Any:
    """An answer without what differs by machine: the trace's text, the address of the database."""
    if isinstance(body, dict):
        assert body.get("debug", "…")
        return {key: "…" if key == "debug" else comparable(item) for key, item in body.items()}
    return [comparable(item) for item in body] if isinstance(body, list) else _plain(body)


def check_xml(caller: Caller, transport: str, name: str, entry: dict[str, Any]) -> None:
    response = _ask(caller, transport, name, entry)
    recorded = entry[transport]
    assert (response.status_code, response.headers["content-type"]) == (recorded["http"], recorded["ct"])
    if "result" in recorded["body"]:
        assert list(xmlrpc.client.loads(response.content)[0]) == recorded["body"]["result"]
        return
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xmlrpc.client.loads(response.content)
    fault = raised.value
    assert _plain(fault.faultCode) == _plain(recorded["body"]["faultCode"])
    # The recording keeps a text's beginning and its last line.
    first, _, last = recorded["body"]["faultString"].rpartition(" … ")
    assert _plain(fault.faultString.rstrip().rpartition("\n")[2]) == _plain(last.rpartition("\n")[2])
    if not first.startswith("Traceback"):
        assert _plain(fault.faultString) == _plain(first)


def _plain(content: Any) -> Any:
    return _WHERE_THE_DATABASE_IS.sub("at its address", content) if isinstance(content, str) else content


@pytest.mark.parametrize(("name", "entry"), _calls("17.0", "jsonrpc"))
def test_jsonrpc_of_17_answers_as_recorded(server_17, name, entry):
    check_json(Caller(server_17), name, entry)


@pytest.mark.parametrize(("name", "entry"), _calls("19.0", "jsonrpc"))
def test_jsonrpc_of_19_answers_as_recorded(server_19, name, entry):
    check_json(Caller(server_19), name, entry)


@pytest.mark.parametrize("transport", ["xmlrpc2", "xmlrpc1"])
@pytest.mark.parametrize(("name", "entry"), _calls("17.0", "xmlrpc2"))
def test_xmlrpc_of_17_answers_as_recorded(server_17, transport, name, entry):
    check_xml(Caller(server_17), transport, name, entry)


@pytest.mark.parametrize("transport", ["xmlrpc2", "xmlrpc1"])
@pytest.mark.parametrize(("name", "entry"), _calls("19.0", "xmlrpc2"))
def test_xmlrpc_of_19_answers_as_recorded(server_19, transport, name, entry):
    check_xml(Caller(server_19), transport, name, entry)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_a_broken_or_sessionless_request_is_answered_as_recorded(caller, name):
    recorded = recordings(_VERSIONS[caller.major])["rpc"][name]
    response = PLAIN[name](caller)
    assert (response.status_code, response.headers["content-type"]) == (recorded["http"], recorded["ct"])
    if name == "xmlrpc_malformed":
        assert recorded["body"].startswith("Traceback")
        assert "<int>1</int>" in response.text
        assert "Traceback" in response.text
    else:
        assert comparable(loaded(response)) == comparable(recorded["body"])


@pytest.mark.parametrize("name", sorted(JSON2))
def test_json2_answers_as_recorded(server_19, name):
    recorded = recordings("19.0")["json2"][name]
    response = JSON2[name](Caller(server_19))
    assert (response.status_code, response.headers["content-type"]) == (recorded["http"], recorded["ct"])
    assert response.headers.get("www-authenticate") == (recorded["www"].strip() if recorded.get("www") else None)
    body = loaded(response)
    if isinstance(body, str):
        # The recording cuts long pages off.
        assert body.startswith(recorded["body"])
    else:
        assert comparable(body) == comparable(recorded["body"])


def _observations() -> list[Any]:
    if not FACTS.is_dir():
        return []
    return [
        pytest.param(version, name, id=f"{version}-{name}")
        for version in ("17.0", "19.0")
        for name in sorted(REPLAYS)
        if f"behaviour.{name}" in replayed(version)
    ]


@pytest.mark.parametrize(("version", "name"), _observations())
def test_an_observation_is_made_again(request, version, name):
    observation, key = name.split(".", 1)
    recorded = recordings(version)["behaviour"][observation][key]
    if name == "http_headers.headers":
        recorded = sorted(header.lower() for header in recorded)
    seen = REPLAYS[name](Caller(request.getfixturevalue(f"server_{version[:2]}")))
    left_out = _NOT_COMPARED.get(f"behaviour.{name}", {})
    assert _without(seen, left_out) == _without(recorded, left_out)


def _without(content: Any, names: dict[str, str]) -> Any:
    if isinstance(content, list):
        return [_without(item, names) for item in content]
    if isinstance(content, dict):
        return {key: item for key, item in content.items() if key not in names}
    return content
