-- What a server says of its own code.
set role driftline_loader;

-- As 17.0-20240709; NULL on the direct path, and where the server tells its series only.
alter table ops.client_run add column odoo_build text;

reset role;
