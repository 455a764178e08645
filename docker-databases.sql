-- Run by the service `databases` of docker-compose.yml, as superuser, at every start. Passwords come by environment.
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv warehouse_password WAREHOUSE_PASSWORD

-- A statement that fails must not leave a password in the server's log.
set log_min_error_statement = panic;

select 'create role airflow login' where not exists (select from pg_roles where rolname = 'airflow') \gexec
select 'create role driftline login createrole' where not exists (select from pg_roles where rolname = 'driftline') \gexec
alter role airflow password :'airflow_password';
alter role driftline password :'warehouse_password';

select 'create database airflow owner airflow' where not exists (select from pg_database where datname = 'airflow') \gexec
select 'create database warehouse owner driftline' where not exists (select from pg_database where datname = 'warehouse') \gexec
revoke connect on database airflow, warehouse from public;
