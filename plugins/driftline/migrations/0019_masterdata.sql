-- Master data: verdicts on VAT numbers and IBANs, a try of every rule before it counts, and what readers see.
set role driftline_loader;

-- A number as it is compared: without spaces, points and dashes, in capitals and Latin digits; NULL without any digit.
create function ops.compact_identifier(value text) returns text language sql immutable parallel safe
  return case when value ~ '[0-9٠-٩]'
    then upper(regexp_replace(translate(value, '٠١٢٣٤٥٦٧٨٩', '0123456789'), '[^A-Za-z0-9]', '', 'g')) end;

-- What a verdict is found by. The number itself is not kept a second time.
create function ops.identifier_digest(country text, value text) returns bytea language sql immutable parallel safe
  return sha256(convert_to(coalesce(country, '') || ' ' || ops.compact_identifier(value), 'UTF8'));

-- One row per client, kind and number (with the country it is a number of) that was checked.
create table ops.identifier_verdict (
  client_id text not null,
  kind text not null check (kind in ('vat', 'iban')),
  digest bytea not null,                     -- ops.identifier_digest
  verdict text not null check (verdict in ('valid', 'invalid', 'no rule')),
  library text not null,                     -- name and version of what checked it
  checked_at timestamptz not null,
  primary key (client_id, kind, digest)
);

-- One row per client and kind: rows read until then have their verdicts, by this version of the library.
create table ops.identifier_reading (
  client_id text not null,
  kind text not null check (kind in ('vat', 'iban')),
  library text not null,
  read_at timestamptz not null,
  primary key (client_id, kind)
);

-- Plans a rule's query without running it; what PostgreSQL dislikes is said with the rule's file.
create function ops.try_rule(file text, query text) returns void language plpgsql as $$
begin
  execute 'explain ' || query;
exception
  when syntax_error or undefined_column or undefined_table or undefined_function or datatype_mismatch
    or ambiguous_column or cannot_coerce or invalid_text_representation or indeterminate_datatype or grouping_error then
    raise exception using errcode = sqlstate, message = file || ': ' || sqlerrm;
end $$;

reset role;

-- One row per client, quarter, rule of config/policies/masterdata/ and record that it found.
create table review.master_data_exception (
  client_id text not null,
  quarter text not null,
  model text not null,
  rule text not null,
  title text not null,
  kind text not null,
  severity text not null,
  record_id bigint not null,
  other_record_id bigint,
  detail text not null,
  since_at timestamptz not null,
  since_basis text not null,
  open_days integer not null,
  last_touched_at timestamptz,
  last_touched_by text,
  document_count bigint,
  amounts jsonb not null,
  is_waived boolean not null,
  waived_owner text,
  waived_reason text,
  waived_until_on date,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, rule, record_id),
  check (is_waived = (waived_owner is not null and waived_reason is not null and waived_until_on is not null))
);

-- One row per client, quarter and rule of config/policies/masterdata/; rule '' is all rules of a model, model '' everything.
create table review.master_data_rate (
  client_id text not null,
  quarter text not null,
  model text not null,
  rule text not null,
  title text not null,
  kind text,
  severity text,
  is_judged boolean not null,
  reason text not null,
  looked_at_count bigint,
  found_count bigint,
  waived_count bigint,
  rate_pct double precision,
  previous_rate_pct double precision,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, model, rule),
  check (is_judged = (found_count is not null and looked_at_count is not null and rate_pct is not null))
);

select ops.make_published('master_data_rate');
select ops.make_published('master_data_exception');
