select
  client_id::text as client_id,
  quarter::text as quarter,
  'access.yml'::text as policy,
  rule::text as rule,
  odoo_user_id::bigint as odoo_user_id,
  severity::text as severity,
  since_at::timestamptz as since_at,
  detail::text as detail,
  evidence_ids::text[] as evidence_ids,
  '{}'::jsonb as amounts,
  is_exempt,
  exempt_owner::text as exempt_owner,
  exempt_reason::text as exempt_reason,
  exempt_until_on::date as exempt_until_on,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('access_exception') }}
union all
select
  client_id, quarter, 'sod.yml', rule, odoo_user_id, severity, null,
  title || case exercised
    when 'yes' then ': did so in the quarter' when 'n/a' then ': can; whether it did leaves no trace' else ': can' end,
  array['res.users,' || odoo_user_id] || document_ids, amounts, false, null, null, null, as_of_at, {{ build_id() }}
from {{ ref('access_sod_conflict') }}
