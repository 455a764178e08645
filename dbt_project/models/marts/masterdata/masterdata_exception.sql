with rules as (
  select split_part(setting, '.', 2) as rule, value ->> 'title' as title, value ->> 'kind' as kind, value ->> 'severity' as severity
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'masterdata\_rule.%'
),

different as (
  select entry.client as client_id, entry.rule, entry.owner, entry.reason, entry.until,
    least(entry.records[1], entry.records[2]) as earlier_id, greatest(entry.records[1], entry.records[2]) as later_id
  from jsonb_to_recordset({{ policy_json('masterdata.different') }})
    as entry (client text, rule text, records bigint[], owner text, reason text, until date)
)

select
  found.client_id,
  found.quarter,
  found.model,
  found.rule,
  rules.title,
  rules.kind,
  rules.severity,
  found.record_id,
  found.other_record_id,
  found.detail,
  found.is_in_use,
  found.since_at,
  found.since_basis,
  extract(day from found.as_of_at - found.since_at)::integer as open_days,
  found.updated_at as last_touched_at,
  toucher.login as last_touched_by,
  -- Only invoices and orders are read, and they name partners and bank accounts: of the rest nothing is known.
  case when found.model in ('res.partner', 'res.partner.bank') then coalesce(stake.document_count, 0) end as document_count,
  coalesce(stake.amounts, '{}') as amounts,
  different.owner is not null as is_waived,
  different.owner as waived_owner,
  different.reason as waived_reason,
  different.until as waived_until_on,
  found.as_of_at
from {{ ref('int_masterdata__standing') }} as found
join rules on rules.rule = found.rule
left join {{ ref('int_masterdata__stake') }} as stake
  on stake.client_id = found.client_id and stake.model = found.model and stake.record_id = found.record_id
left join {{ ref('snap_odoo__res_users') }} as toucher
  on toucher.client_id = found.client_id and toucher.odoo_user_id = found.updated_by_odoo_user_id
  and {{ held_at('toucher', 'found.as_of_at') }}
left join different
  on different.client_id = found.client_id and different.rule = found.rule and different.until >= found.as_of_on
  and different.earlier_id = found.other_record_id and different.later_id = found.record_id
where found.record_id > 0
