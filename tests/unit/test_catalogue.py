"""Every catalogue entry is held against what real servers of each version answered."""

from __future__ import annotations

import json
import re

import pytest
from driftline.catalogue import Decoder, OdooVersion, load_catalogue, load_evidence
from driftline.errors import ConfigError
from integration.odoo_source import FACTS

VERSIONS = ["16.0", "17.0", "18.0", "19.0"]
CATALOGUE = load_catalogue()
_COLUMNS = {
    "char": {"character varying", "text"},
    "text": {"text"},
    "html": {"text"},
    "selection": {"character varying"},
    "integer": {"integer"},
    "many2one": {"integer"},
    "float": {"double precision", "numeric"},
    "monetary": {"numeric", "double precision"},
    "boolean": {"boolean"},
    "date": {"date"},
    "datetime": {"timestamp without time zone"},
}
# Odoo's own type, where it is another word for the same column.
_TYPES = {
    "integer": {"integer", "many2one_reference"},
    "char": {"char", "selection"},
    "text": {"text", "html"},
    "selection": {"selection", "char"},
}
# Models without any column in the answer of a server although their tables have them (a dump shows the columns).
_UNSEEN = {("17.0", "res.partner.bank"), ("18.0", "res.partner.bank"), ("18.0", "res.device.log")}

needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")
every_version = pytest.mark.parametrize("version", VERSIONS)


def server_models(version: str) -> dict:
    return json.loads((FACTS / version / "models.json").read_text())


def server_modules(version: str) -> set[str]:
    return {module["name"] for module in json.loads((FACTS / version / "server.json").read_text())["modules"]}


def confirmed_columns(entry, version: str) -> list:
    """Columns that the server must show: not those of modules it did not have."""
    installed = server_modules(version)
    columns = entry.columns_for(OdooVersion.parse(version))
    return [column for column in columns if not column.field.module or installed & set(column.field.module)]


def confirmed_entries(version: str) -> list:
    found = OdooVersion.parse(version)
    entries = [entry for entry in CATALOGUE if entry.exists_in(found) and not entry.documented_only]
    assert len(entries) > 80
    return entries


@needs_facts
@every_version
def test_every_field_is_a_stored_column_of_the_declared_type(version):
    models = server_models(version)
    checked = 0
    for entry in confirmed_entries(version):
        if entry.kind == "relation":
            continue
        fields = models[entry.model]["fields"]
        assert models[entry.model]["table"] == entry.table
        for column in confirmed_columns(entry, version):
            name, stored, field = f"{entry.model}.{column.source}", fields[column.source], column.field
            assert stored.get("stored", True) is not field.computed, f"{name} is stored or computed in {version}"
            assert stored["type"] in _TYPES.get(field.type, {field.type}), f"{name} is {stored['type']} in {version}"
            assert bool(stored.get("translate")) <= field.translated, f"{name}: translated in {version}"
            assert bool(stored.get("company_dependent")) == field.company_dependent, f"{name}: company-dependent"
            if field.computed:
                continue
            if (version, entry.model) in _UNSEEN:
                assert "column" not in stored
                continue
            allowed = {"jsonb"} if field.company_dependent else _COLUMNS[field.type]
            allowed = allowed | ({"jsonb"} if field.translated else set())
            assert stored["column"] in allowed, f"{name} is {stored['column']} in {version}"
            checked += 1
    assert checked > 600


@needs_facts
def test_a_field_is_declared_translated_only_if_some_version_translates_it():
    translated = {
        (model, name)
        for version in VERSIONS
        for model, answer in server_models(version).items()
        for name, field in answer["fields"].items()
        if field.get("translate")
    }
    declared = {
        (entry.model, column.source)
        for version in VERSIONS
        for entry in confirmed_entries(version)
        for column in entry.columns_for(OdooVersion.parse(version))
        if column.field.translated
    }
    assert len(declared) > 20
    untold = {pair for pair in declared if not any((pair[0], name) in translated for name in _names_of(*pair))}
    assert not untold


def _names_of(model: str, source: str) -> set[str]:
    """All names that the canonical field of this column has in some version."""
    fields = CATALOGUE[model].all_fields.items()
    versions = [OdooVersion.parse(version) for version in VERSIONS]
    groups = [{field.column_in(version, name) for version in versions} for name, field in fields]
    return set().union(*(group for group in groups if source in group))


@needs_facts
@every_version
def test_a_field_said_not_to_exist_in_a_version_is_absent_there(version):
    models = server_models(version)
    for entry in CATALOGUE:
        if entry.kind == "relation":
            continue
        if not entry.exists_in(OdooVersion.parse(version)):
            assert entry.model not in models
            continue
        if entry.documented_only:
            continue
        for name, field in entry.all_fields.items():
            if reason := field.absence(OdooVersion.parse(version)):
                stored = models[entry.model]["fields"].get(name, {"stored": False})
                assert not stored.get("stored", True), f"{entry.model}.{name} does exist in {version}"
                assert bool(stored.get("company_dependent")) == ("ir.property" in reason), f"{entry.model}.{name}"


@needs_facts
@every_version
def test_every_relation_table_is_that_of_the_many2many_field_it_is_reached_by(version):
    models = server_models(version)
    relations = [entry for entry in confirmed_entries(version) if entry.kind == "relation"]
    assert len(relations) >= 9
    for entry in relations:
        field = models[entry.via.model]["fields"][entry.via.field_in(OdooVersion.parse(version))]
        other = next(name for name in entry.key if name != entry.via.owner)
        assert field["type"] == "many2many"
        assert field["relation_table"] == [entry.table, entry.via.owner, other], f"{entry.table} in {version}"
        assert entry.via.points_at in (None, field["relation"])


def test_relations_that_one_field_may_stand_for_say_what_it_points_at():
    by_field: dict[tuple[str, str], list[str | None]] = {}
    for entry in CATALOGUE:
        if entry.via:
            field = (entry.via.model, str(entry.via.field))
            by_field.setdefault(field, []).append(entry.via.points_at)
    doubled = {field: targets for field, targets in by_field.items() if len(targets) > 1}
    assert doubled == {("helpdesk.ticket", "tag_ids"): ["helpdesk.tag", "helpdesk.ticket.tag"]}


def test_every_relation_is_reached_by_a_model_of_the_catalogue():
    relations = [entry for entry in CATALOGUE if entry.kind == "relation"]
    assert relations
    for entry in relations:
        assert entry.via.model in CATALOGUE.entries
        for major in range(14, 21):
            if entry.exists_in(OdooVersion(major)):
                assert CATALOGUE[entry.via.model].exists_in(OdooVersion(major))


@needs_facts
def test_every_version_is_confirmed_by_a_server_or_named_as_known_from_documentation():
    evidence = load_evidence()
    at_hand = tuple(sorted(path.parent.name for path in FACTS.glob("*/models.json")))
    assert at_hand == evidence.observed == tuple(VERSIONS)
    assert evidence.from_documentation == ("14.0", "15.0", "20.0")


@needs_facts
def test_an_entry_that_no_server_confirmed_says_so_and_no_other_does():
    answered = {model for version in VERSIONS for model in server_models(version)}
    tables = {
        field["relation_table"][0]
        for version in VERSIONS
        for model in server_models(version).values()
        for field in model["fields"].values()
        if field.get("relation_table")
    }
    unconfirmed = {entry.model for entry in CATALOGUE if entry.model not in answered and entry.table not in tables}
    assert unconfirmed
    assert {entry.model for entry in CATALOGUE if entry.documented_only} == unconfirmed


@needs_facts
@every_version
def test_over_rpc_what_write_date_does_not_tell_of_is_read_in_full(version):
    models = server_models(version)
    silent = {entry.model for entry in confirmed_entries(version) if not _has_clock(models, entry)}
    silent |= {"ir.model", "ir.model.fields", "ir.model.fields.selection", "ir.module.category"}
    silent |= {entry.model for entry in CATALOGUE if any(field.computed for field in entry.fields.values())}
    in_full = {entry.model for entry in confirmed_entries(version) if entry.rpc_mode == "full"}
    assert len(silent) > 10
    assert in_full == silent


def _has_clock(models: dict, entry) -> bool:
    return entry.kind == "model" and "write_date" in models[entry.model]["fields"] and models[entry.model]["log_access"]


# Columns whose names sound like secrets and that are none, so that they may be read or left alone without a word.
_HARMLESS = {
    "ir_config_parameter.key": "the parameter's name; its value is hashed when the name sounds like a secret's",
    "ir_ui_view.key": "a view's external name",
    "base_automation.log_webhook_calls": "whether calls are logged",
    "ir_act_server.webhook_url": "read as a salted hash only",
    "hr_employee.certificate": "level of education",
    "project_project.stage_id": "hidden from the field list by a group, not by secrecy",
    "ir_module_module.web": "hidden from the field list",
}
_SOUNDS_SECRET = re.compile(
    r"pass(word|wd)?$|secret|token|(^|_)key$|certificate$|webhook|authorization_code|session_identifier"
)


@needs_facts
def test_every_column_that_sounds_like_a_secret_is_never_read_or_known_to_be_none():
    sounding = set()
    for version in VERSIONS:
        models = server_models(version)
        for entry in confirmed_entries(version):
            if entry.kind == "model":
                answer = models[entry.model]
                names = {
                    name for name, field in answer["fields"].items() if "column" in field or field["type"] == "char"
                }
                stored = {name for name in names if answer["fields"][name].get("stored", True)}
                stored = {name for name in stored if _SOUNDS_SECRET.search(name)} | set(answer["columns_without_field"])
                sounding |= {(entry.table, name) for name in stored}
    assert len(sounding) > 30
    unruled = {
        f"{table}.{name}"
        for table, name in sounding
        if name not in {column for entry in CATALOGUE if entry.table == table for column in entry.never_read}
    }
    assert unruled == set(_HARMLESS)


@needs_facts
def test_what_is_never_read_does_exist_in_some_version():
    for entry in CATALOGUE:
        if entry.documented_only:
            continue
        known = set()
        for version in VERSIONS:
            answer = server_models(version).get(entry.model, {"fields": {}, "columns_without_field": []})
            known |= set(answer["fields"]) | set(answer["columns_without_field"])
        assert set(entry.never_read) <= known, entry.model


def test_no_entry_reads_what_any_entry_of_its_table_forbids():
    assert sum(len(entry.never_read) for entry in CATALOGUE) > 100
    for entry in CATALOGUE:
        forbidden = {name for other in CATALOGUE if other.table == entry.table for name in other.never_read}
        assert not entry.sources & forbidden, entry.model


def test_texts_that_may_hold_anything_are_read_as_digests_only():
    free_texts = {"body", "description", "note", "arch_db", "compute", "value", "domain", "context", "webhook_url"}
    plain = {
        f"{entry.table}.{column.source}"
        for entry in CATALOGUE
        for major in range(14, 21)
        for column in entry.columns_for(OdooVersion(major))
        if column.field.decode is Decoder.PLAIN
        and (column.source in free_texts or f"{entry.table}.{column.source}" == "ir_act_server.code")
    }
    # A selection's value, an access row's and a field's domain, and a tax's label (called description up to 16.0).
    assert plain == {
        "ir_model_fields_selection.value",
        "ir_access.domain",
        "ir_model_fields.domain",
        "account_tax.description",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: a.b\ntable: a_b\nread: full\nfields: {x: {type: chr}}\n", "a_b.yml: fields.x.type: Input should be"),
        ("model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, tpye: 1}}\n", "unknown key 'tpye' in fields.x"),
        ("model: a.b\ntable: a_b\nread: full\n", "a model needs at least one field"),
        (
            "model: a.b\ntable: 'a_b; drop table x'\nread: full\nfields: {x: {type: char}}\n",
            "not a plain SQL identifie",
        ),
        ("model: 'a; drop'\ntable: a_b\nread: full\nfields: {x: {type: char}}\n", "is not an Odoo model name"),
        ("model: a.b\ntable: other\nread: full\nfields: {x: {type: char}}\n", "must be named after its table"),
        ("model: a.b\ntable: a_b\nread: full\nfields: {'x\" --': {type: char}}\n", "not a plain SQL identifier"),
        ("model: a.b\ntable: a_b\nread: full\nfields: {_x: {type: char}}\n", "a field may not be named _x"),
        ("model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, since: '13.0'}}\n", "'13.0' is not a supported"),
        (
            "model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, column: y}}\nnever_read: [y]\n",
            "never_read forbids: y",
        ),
        (
            "model: a.b\ntable: a_b\nread: full\nfields: {x: {type: date, decode: md5}}\n",
            "decode: md5 needs a text, not date",
        ),
        (
            "model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, decode: md4}}\n",
            "fields.x.decode: Input should be",
        ),
        (
            "model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, decode: selection_label}}\n",
            "needs the field field_id",
        ),
        (
            "model: a.b\ntable: a_b\nread: full\nfields: {x: {type: char, decode: md5, company_dependent: true}}\n",
            "is neither translated nor decoded",
        ),
        ("model: a.b\nkind: relation\ntable: a_b\nkey: [a, b]\nread: full\n", "a relation needs via"),
        (
            "model: a.b\nkind: relation\ntable: a_b\nkey: [a, b]\nread: full\nvia: {model: c.d, field: e, owner: f}\n",
            "via.owner 'f' is not in the key",
        ),
        (
            "model: a.b\nkind: relation\ntable: a_b\nkey: [a, b]\nread: full\nvia: {model: c.d, feild: e, owner: a}\n",
            "unknown key 'feild' in via",
        ),
        (
            "model: a.b\nkind: relation\ntable: a_b\nkey: [a, b]\nread: full\nrpc_read: incremental\n"
            "via: {model: c.d, field: e, owner: a}\n",
            "over RPC it is read in full",
        ),
    ],
)
def test_a_wrong_entry_is_refused_by_file_and_field(tmp_path, text, message):
    (tmp_path / "a_b.yml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_catalogue(tmp_path)


def test_an_empty_catalogue_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no catalogue entry found"):
        load_catalogue(tmp_path)


def test_a_version_that_is_in_no_list_or_in_both_is_refused(tmp_path):
    file = tmp_path / "evidence.yml"
    file.write_text('observed: ["16.0", "17.0", "18.0", "19.0"]\nfrom_documentation: ["14.0", "20.0"]\n')
    with pytest.raises(ConfigError, match=r"evidence\.yml: each of 14\.0 to 20\.0 belongs in one list"):
        load_evidence(file)


def test_only_what_decides_a_readings_result_moves_the_entrys_hash():
    entry = CATALOGUE["res.users"]
    assert entry.model_copy(update={"never_read": ("x",), "history": False}).entry_hash == entry.entry_hash
    assert entry.model_copy(update={"table": "x"}).entry_hash != entry.entry_hash
