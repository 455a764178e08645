"""What the recordings do not hold still: logins that leave rows, cooldown, sessions, rights, all versions."""

from __future__ import annotations

import gzip
import json
import xmlrpc.client
from pathlib import Path

import odoorpc
import pytest
from conftest import run_sql

from demo.odoo.creation import create
from demo.server import OdooServer
from server import world
from server.clients import Caller

PASSWORDS = {"boss": "b&ss/1", "clerk": "clerk"}


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def url(new_database) -> str:
    address = new_database("odoo")
    world.create(address, partners=30)
    return address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(url, clock):
    with OdooServer(url, version="17.0", users=PASSWORDS, api_keys={"a-key": "boss"}, clock=clock) as running:
        yield running


@pytest.fixture
def caller(server) -> Caller:
    return Caller(server)


def call(caller: Caller, model: str, method: str, *arguments, user_id: int = 2, password: str = "b&ss/1", **named):
    answer = caller.jsonrpc(
        "object", "execute_kw", caller.server.database, user_id, password, model, method, list(arguments), named
    ).json()
    return answer["error"]["data"]["name"] if "error" in answer else answer.get("result")


def log_in(caller: Caller, login: str = "boss", password: str = "b&ss/1"):
    return caller.web("/web/session/authenticate", db=caller.server.database, login=login, password=password)


def logged_users(url: str) -> list[int]:
    return [row[0] for row in run_sql(url, "select create_uid from res_users_log order by id")]


def test_logging_in_leaves_a_row_and_calling_does_not(caller, url):
    database = caller.server.database
    assert caller.jsonrpc("common", "login", database, "boss", "b&ss/1").json()["result"] == 2
    assert caller.jsonrpc("common", "authenticate", database, "clerk", "clerk", {}).json()["result"] == 3
    assert log_in(caller).json()["result"]["uid"] == 2
    assert caller.jsonrpc("common", "login", database, "boss", "wrong").json()["result"] is False
    assert call(caller, "res.partner", "search_count", []) == 33
    assert logged_users(url) == [2, 3, 2]
    assert call(caller, "res.users.log", "search_count", []) == "odoo.exceptions.AccessError"


def test_an_archived_user_cannot_come_in(url):
    with OdooServer(url, version="17.0", users={"gone": "gone"}) as server:
        caller = Caller(server)
        assert caller.jsonrpc("common", "login", server.database, "gone", "gone").json()["result"] is False
        assert call(caller, "res.partner", "search", [], user_id=4, password="gone") == "odoo.exceptions.MissingError"


def test_a_session_serves_until_it_ends(caller):
    assert log_in(caller).json()["result"]["user_context"] == {"lang": "en_US", "tz": "Europe/Athens", "uid": 2}
    asked = {"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}}
    for path in ("/web/dataset/call_kw", "/web/dataset/call_kw/res.partner/search_count"):
        assert caller.web(path, **asked).json()["result"] == 33
    assert caller.web("/web/session/get_session_info").json()["result"]["username"] == "boss"
    caller.web("/web/session/destroy")
    ended = caller.web("/web/dataset/call_kw", **asked).json()["error"]
    assert (ended["code"], ended["data"]["name"]) == (100, "odoo.http.SessionExpiredException")
    log_in(caller)
    caller.server.accounts.expire_sessions()
    assert caller.web("/web/dataset/call_kw", **asked).json()["error"]["code"] == 100


def test_ten_failures_close_the_web_login_for_a_minute_and_rpc_stays_open(caller, clock):
    for _ in range(10):
        assert log_in(caller, password="wrong").json()["error"]["data"]["message"] == "Access Denied"
    closed = log_in(caller).json()["error"]["data"]
    assert closed["name"] == "odoo.exceptions.AccessDenied"
    assert closed["message"] == "Too many login failures, please wait a bit before trying again."
    assert caller.jsonrpc("common", "login", caller.server.database, "boss", "b&ss/1").json()["result"] == 2
    clock.seconds = 60.1
    assert log_in(caller).json()["result"]["uid"] == 2


def test_an_api_key_is_a_password_over_rpc_and_none_in_the_browser(caller):
    assert call(caller, "res.partner", "search_count", [], password="a-key") == 33
    another = call(caller, "res.partner", "search_count", [], user_id=3, password="a-key")
    assert another == "odoo.exceptions.AccessDenied"
    assert "error" in log_in(caller, password="a-key").json()


def test_rights_and_rules_come_from_the_tables(caller, url):
    run_sql(
        url,
        """insert into project_project (name, company_id) values
        ('{"en_US": "Everyone"}', null), ('{"en_US": "First"}', 1), ('{"en_US": "Second"}', 2)""",
    )
    assert call(caller, "project.project", "search_count", []) == 3
    one_company = {"allowed_company_ids": [1]}
    assert call(caller, "project.project", "search", [], order="id", context=one_company) == [1, 2]
    assert call(caller, "project.project", "read", [3], ["name"], context=one_company) == "odoo.exceptions.AccessError"
    assert call(caller, "project.project", "search", [], user_id=3, password="clerk") == "odoo.exceptions.AccessError"
    assert call(caller, "project.project", "check_access_rights", "read", False, user_id=3, password="clerk") is False
    assert (
        call(caller, "project.project", "search", [], context={"allowed_company_ids": [9]})
        == "odoo.exceptions.AccessError"
    )
    run_sql(url, "insert into res_groups_users_rel values (2, 3)")
    assert call(caller, "project.project", "search", [], user_id=3, password="clerk", order="id") == [1, 2]


def test_hidden_rows_are_gone_for_everybody_but_the_superuser(url):
    hidden = {"res.partner": [["color", "=", 1], ["id", ">", 3]]}
    with OdooServer(url, version="17.0", users=PASSWORDS, hidden=hidden) as server:
        caller = Caller(server)
        assert call(caller, "res.partner", "search_count", []) == 27
        assert call(caller, "res.partner", "search_count", [["color", "=", 1]]) == 0
        assert call(caller, "res.partner", "read", [4], ["name"]) == "odoo.exceptions.AccessError"
        server.show("res.partner")
        assert call(caller, "res.partner", "search_count", []) == 33


def test_writing_is_refused_and_says_why(caller):
    credentials = (caller.server.database, 2, "b&ss/1")
    changed = [[1], {"name": "x"}]
    refused = caller.jsonrpc("object", "execute_kw", *credentials, "project.project", "write", changed, {}).json()
    refused = refused["error"]["data"]
    assert refused["message"].startswith("Demo server: write on project.project")
    assert call(caller, "res.partner", "write", [1], {"name": "x"}) == "odoo.exceptions.AccessError"


def test_a_computed_field_is_an_error_by_name_and_only_a_key_otherwise(caller):
    assert call(caller, "res.partner", "read", [2], ["contact_address"]) == "builtins.NotImplementedError"
    assert "contact_address" in call(caller, "res.partner", "read", [2])[0]


def test_odd_contents_travel_as_on_a_real_server(caller, url):
    run_sql(url, "update res_partner set name = E'ctl\\x0bA\\x01B', street = E'line1\\r\\nline2' where id = 5")
    assert call(caller, "res.partner", "read", [5], ["name", "street", "parent_id"]) == [
        {"id": 5, "name": "ctl\x0bA\x01B", "street": "line1\r\nline2", "parent_id": False}
    ]
    response = caller.xmlrpc(
        "object", "execute_kw", caller.server.database, 2, "b&ss/1", "res.partner", "read", [[5], ["name", "street"]]
    )
    assert xmlrpc.client.loads(response.content)[0][0] == [{"id": 5, "name": "ctlAB", "street": "line1\nline2"}]


def test_a_late_commit_is_below_what_was_already_read(caller, url):
    import psycopg2

    slow = psycopg2.connect(url)
    with slow.cursor() as cursor:
        cursor.execute("insert into res_partner (name, write_date) values ('slow', timestamp '2026-02-01 00:00:01.5')")
        run_sql(url, "insert into res_partner (name, write_date) values ('fast', timestamp '2026-02-01 00:00:02.5')")
        since = [["write_date", ">=", "2026-02-01 00:00:00"], ["write_date", "<", "2026-02-02"]]
        assert [row["name"] for row in call(caller, "res.partner", "search_read", since, ["name"])] == ["fast"]
        slow.commit()
    slow.close()
    later = call(caller, "res.partner", "search_read", since, ["name", "write_date"], order="write_date")
    assert [(row["name"], row["write_date"]) for row in later] == [
        ("slow", "2026-02-01 00:00:01"),
        ("fast", "2026-02-01 00:00:02"),
    ]


def test_a_column_that_comes_later_is_served_after_a_reload(caller, url):
    run_sql(url, "alter table res_partner add column x_studio_note varchar default 'noted'")
    assert call(caller, "res.partner", "read", [2], ["x_studio_note"]) == "builtins.ValueError"
    caller.server.reload()
    assert call(caller, "res.partner", "read", [2], ["x_studio_note"]) == [{"id": 2, "x_studio_note": "noted"}]
    run_sql(url, "alter table res_partner drop column x_studio_note")
    assert call(caller, "res.partner", "read", [2], ["x_studio_note"]) == "psycopg2.errors.UndefinedColumn"


def test_an_unknown_address_is_a_page_and_no_answer_of_rpc(caller):
    for verb, path in (("GET", "/jsonrpc"), ("GET", "/nowhere"), ("POST", "/json/2/res.partner/search")):
        response = caller.raw(verb, path, b"{}", Content_Type="application/json")
        assert (response.status_code, response.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert caller.raw("GET", "/web/version").status_code == 404
    assert caller.raw("GET", "/web/health").json() == {"status": "pass"}


@pytest.mark.parametrize(
    ("client_id", "version"),
    [("egret", "14.0"), ("delta", "16.0"), ("aegean", "17.0"), ("cordoba", "18.0"), ("boreal", "19.0")],
)
def test_the_demo_clients_can_be_read_by_odoorpc(pg_server, new_database, client_id, version):
    from datetime import UTC, datetime

    name = create(pg_server.url(), client_id, anchor_at=datetime(2026, 11, 1, 12, tzinfo=UTC), seed=7)
    url = new_database("odoo", template=name)
    with OdooServer(url, version=version, users={"admin": "admin"}) as server:
        odoo = odoorpc.ODOO("127.0.0.1", port=server.port, timeout=20)
        assert odoo.version == version
        odoo.login(server.database, "admin", "admin")
        assert (odoo.env.uid, odoo.env.context["lang"]) == (2, "en_US")
        users = odoo.env["res.users"].search_read([], ["login", "name"], context={"active_test": False}, order="id")
        expected = run_sql(
            url, "select u.id, u.login, p.name from res_users u join res_partner p on p.id = u.partner_id order by 1"
        )
        assert [(row["id"], row["login"], row["name"]) for row in users] == expected
        assert len(expected) > 5
        tasks = odoo.env["project.task"].search([("project_id", "!=", False)], order="id")
        assert tasks == [
            row[0] for row in run_sql(url, "select id from project_task where active and project_id > 0 order by id")
        ]
        with pytest.raises(odoorpc.error.RPCError, match="no_such"):
            odoo.execute("res.partner", "read", [1], ["no_such"])
        with pytest.raises(odoorpc.error.RPCError, match="Wrong login ID or password"):
            odoorpc.ODOO("127.0.0.1", port=server.port).login(server.database, "admin", "wrong")


def test_20_reads_its_rights_from_one_table(url):
    run_sql(url, "drop table ir_model_access; drop table ir_rule")
    run_sql(
        url,
        """create table ir_access (id serial primary key, name varchar, active bool default true, model_id int,
        group_id int, operation varchar, domain text);
        insert into ir_access (model_id, group_id, operation, domain) values
        (1, 1, 'r', '[(''color'', ''='', 1)]'), (1, 2, 'crud', null), (1, null, 'r', '[(''id'', ''>'', 3)]')""",
    )
    with OdooServer(url, version="20.0", users=PASSWORDS, api_keys={"a": "boss", "c": "clerk"}) as server:
        caller = Caller(server)
        counted = {key: caller.json2("res.partner", "search_count", domain=[], key=key).json() for key in ("a", "c")}
        assert counted == {"a": 30, "c": 6}
        assert caller.json2("project.project", "search", domain=[], key="a").status_code == 403
        gone = caller.jsonrpc("db", "list").json()["error"]["data"]
        assert (gone["name"], gone["message"]) == ("builtins.KeyError", "db")


def test_odoo_client_lib_reads_over_every_protocol(server_17, server_19):
    odoolib = pytest.importorskip("odoolib", reason="odoo-client-lib is not installed")
    for server, protocols in ((server_17, ("jsonrpc", "xmlrpc")), (server_19, ("jsonrpc", "xmlrpc", "json2"))):
        for protocol in protocols:
            password = "admin-key" if protocol == "json2" else "admin"
            connection = odoolib.get_connection(
                hostname="127.0.0.1",
                port=server.port,
                database=server.database,
                login="admin",
                password=password,
                protocol=protocol,
            )
            model = connection.get_model("res.partner")
            if protocol == "json2":
                rows = model.search_read(domain=[["id", "=", 3]], fields=["name"])
            else:
                rows = model.search_read([["id", "=", 3]], ["name"])
            assert rows == [{"id": 3, "name": "Mitchell Admin"}]


def test_metadata_say_which_versions_were_observed():
    from demo.server.registry import metadata_source
    from demo.server.versions import dialect

    sources = {major: metadata_source(dialect(f"{major}.0")) for major in range(14, 21)}
    assert [major for major, source in sources.items() if source == "observed"] == [16, 17, 18, 19]
    assert all(sources[major].startswith("from documentation") for major in (14, 15, 20))


def test_the_committed_metadata_are_what_the_generator_makes(tmp_path):
    from integration.odoo_source import FACTS

    import demo.server.make_metadata as generator

    if not FACTS.is_dir():
        pytest.skip("the recorded facts about Odoo are absent")
    committed = generator.HERE / "metadata"
    generator.HERE, here = tmp_path, generator.HERE
    try:
        assert generator.main([str(FACTS)]) == 0
    finally:
        generator.HERE = here
    made = {path.name: gzip.decompress(path.read_bytes()) for path in (tmp_path / "metadata").iterdir()}
    assert len(made) == 7
    kept = {path.name: gzip.decompress(path.read_bytes()) for path in committed.iterdir()}
    stale = [name for name in made if made[name] != kept.get(name)]
    assert stale == [], "run: python demo/server/make_metadata.py FACTS"


def test_the_command_line_serves_and_refuses(url, tmp_path, monkeypatch, capsys):
    import subprocess
    import sys

    from demo.server.__main__ import main

    accounts = tmp_path / "accounts.yml"
    accounts.write_text(json.dumps({"users": PASSWORDS}))
    monkeypatch.delenv("DEMO_ODOO_DATABASE_URL", raising=False)
    assert main(["--version", "17.0", "--accounts", str(accounts)]) == 2
    assert "DEMO_ODOO_DATABASE_URL" in capsys.readouterr().err
    assert main(["--version", "13.0", "--accounts", str(accounts), "--url", url]) == 2
    assert "14.0 to 20.0" in capsys.readouterr().err
    command = [sys.executable, "-m", "demo.server", "--version", "17.0", "--accounts", str(accounts), "--port", "0"]
    environment = {"DEMO_ODOO_DATABASE_URL": url, "PATH": ""}
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[-1]
            import httpx

            assert httpx.get(f"{address}/web/health").json() == {"status": "pass"}
        finally:
            process.terminate()


def test_odoorpc_reads_the_attributes_of_a_record_where_computed_ones_may_be_empty(url):
    with OdooServer(url, version="17.0", users=PASSWORDS, computed_are_empty=True) as server:
        odoo = odoorpc.ODOO("127.0.0.1", port=server.port, timeout=20)
        odoo.login(server.database, "boss", "b&ss/1")
        assert (odoo.env.user.login, odoo.env.user.partner_id.name) == ("boss", "Boss")
        assert odoo.env["res.partner"].browse(2).contact_address is False


@pytest.mark.parametrize("version", ["17.0", "18.0"])
def test_a_company_dependent_value_is_the_companys_own_or_the_default(url, version):
    run_sql(
        url,
        """create table account_payment_term (id int primary key, name jsonb);
        insert into account_payment_term values (1, '{"en_US": "Now"}'), (2, '{"en_US": "Later"}');
        create table ir_model_fields (id int primary key, model varchar, name varchar, field_description jsonb);
        insert into ir_model_fields values (7, 'res.partner', 'property_payment_term_id', '{"en_US": "Terms"}')""",
    )
    if version == "17.0":
        run_sql(
            url,
            """create table ir_property (id int, name varchar, fields_id int, company_id int, res_id varchar,
              value_reference varchar);
            insert into ir_property values (1, 'p', 7, 1, 'res.partner,2', 'account.payment.term,2'),
              (2, 'p', 7, 1, null, 'account.payment.term,1')""",
        )
    else:
        run_sql(
            url,
            """alter table res_partner add column property_payment_term_id jsonb;
            update res_partner set property_payment_term_id = '{"1": 2}' where id = 2;
            create table ir_default (id int, field_id int, user_id int, company_id int, condition varchar,
              json_value varchar);
            insert into ir_default values (1, 7, null, 1, null, '1')""",
        )
    with OdooServer(url, version=version, users=PASSWORDS) as server:
        caller = Caller(server)
        name = "property_payment_term_id"

        def seen(company: int) -> list[object]:
            context = {"allowed_company_ids": [company]}
            return [row[name] for row in call(caller, "res.partner", "read", [2, 3], [name], context=context)]

        assert seen(1) == [[2, "Later"], [1, "Now"]]
        assert seen(2) == [False, False]
        assert call(caller, "res.partner", "search", [[name, "=", 2]]) == [2]
        assert call(caller, "res.partner", "search_count", [[name, "=", 1]]) == 32


def test_translated_names_come_in_the_language_of_the_context(url):
    run_sql(
        url,
        """insert into project_project (name) values ('{"en_US": "House", "fr_FR": "Maison"}'),
        ('{"en_US": "Garden"}')""",
    )
    with OdooServer(url, version="17.0", users=PASSWORDS) as server:
        caller = Caller(server)
        french = {"lang": "fr_FR"}
        rows = call(caller, "project.project", "search_read", [], ["name"], order="name", context=french)
        assert [row["name"] for row in rows] == ["Garden", "Maison"]
        assert call(caller, "project.project", "search", [["name", "like", "Maison"]]) == []
        assert call(caller, "project.project", "search", [["name", "like", "Maison"]], context=french) == [1]
