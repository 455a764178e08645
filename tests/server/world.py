"""A small Odoo-shaped database for tests that change rows while the server runs."""

from __future__ import annotations

from conftest import run_sql

_TABLES = """
create table res_company (id int primary key, name varchar);
create table res_users (id serial primary key, login varchar, active bool, partner_id int, company_id int);
create table res_users_log (id serial primary key, create_uid int, write_uid int, create_date timestamp,
  write_date timestamp);
create table res_groups (id int primary key, name jsonb);
create table res_groups_users_rel (gid int, uid int);
create table res_company_users_rel (cid int, user_id int);
create table ir_model (id int primary key, model varchar, name jsonb);
create table ir_model_access (id int primary key, name varchar, active bool, model_id int, group_id int,
  perm_read bool, perm_write bool, perm_create bool, perm_unlink bool);
create table ir_rule (id int primary key, name varchar, active bool, model_id int, domain_force text, perm_read bool,
  perm_write bool, perm_create bool, perm_unlink bool);
create table rule_group_rel (rule_group_id int, group_id int);
create table res_partner (id serial primary key, name varchar, complete_name varchar, street varchar, lang varchar,
  tz varchar, color int, active bool default true, parent_id int, company_id int, write_date timestamp default now());
create table project_project (id serial primary key, name jsonb, active bool default true, partner_id int,
  company_id int, sequence int);
insert into res_company values (1, 'One'), (2, 'Two');
insert into res_partner (name, complete_name, lang, tz) values
  ('Bot', 'Bot', 'en_US', 'UTC'), ('Boss', 'Boss', 'en_US', 'Europe/Athens'), ('Clerk', 'Clerk', 'en_US', null);
insert into res_users (login, active, partner_id, company_id) values
  ('__system__', false, 1, 1), ('boss', true, 2, 1), ('clerk', true, 3, 1), ('gone', false, 3, 1);
insert into res_company_users_rel values (1, 2), (2, 2), (1, 3);
insert into res_groups values (1, '{"en_US": "Staff"}'), (2, '{"en_US": "Bosses"}');
insert into res_groups_users_rel values (1, 2), (2, 2), (1, 3);
insert into ir_model values (1, 'res.partner', '{"en_US": "Contact"}'), (2, 'project.project', '{"en_US": "Project"}'),
  (3, 'res.users', '{"en_US": "User"}');
insert into ir_model_access values (1, 'partners', true, 1, 1, true, false, false, false),
  (2, 'projects', true, 2, 2, true, true, false, false), (3, 'users', true, 3, null, true, false, false, false);
insert into ir_rule values (1, 'own companies', true, 2,
  '[''|'', (''company_id'', ''='', False), (''company_id'', ''in'', company_ids)]', true, true, true, true);
"""


def create(url: str, partners: int = 0) -> None:
    """Make the tables, two users with different rights, and as many more partners as wanted."""
    run_sql(url, _TABLES)
    if partners:
        run_sql(
            url,
            "insert into res_partner (name, complete_name, color, write_date) select 'P ' || n, 'P ' || n, mod(n, 5),"
            " timestamp '2026-01-01' + n * interval '1 second' from generate_series(1, %s) n",
            partners,
        )
