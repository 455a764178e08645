{# What was decided to be taken away, against what each night found. Looked at as of the build, not of the quarter under
   review: a quarter's decisions are made and carried out after its end. #}
with recursive asked as (
  select client_id, quarter, line, kind, odoo_user_id, login, subject, decision, decided_at, imported_at, carry_out_days,
    case when kind = 'membership' then subject_key::bigint end as odoo_group_id
  from {{ source('ops', 'access_standing_decision') }}
  where decision in ('revoke', 'deactivate') and imported_at <= {{ build_as_of_at() }}
),

-- What the history says was there, from when on; a deletion is a version, too.
seen as (
  select asked.client_id, asked.quarter, asked.line, history.dbt_valid_from, not history.is_deleted as is_there
  from asked
  join {{ ref('snap_odoo__res_groups_users_rel') }} as history
    on history.client_id = asked.client_id and history.odoo_user_id = asked.odoo_user_id
    and history.odoo_group_id = asked.odoo_group_id and {{ stood('history') }}
  where asked.decision = 'revoke' and history.dbt_valid_from <= {{ build_as_of_at() }}
  union all
  select asked.client_id, asked.quarter, asked.line, history.dbt_valid_from,
    not history.is_deleted and coalesce(history.is_active, true)
  from asked
  join {{ ref('snap_odoo__res_users') }} as history
    on history.client_id = asked.client_id and history.odoo_user_id = asked.odoo_user_id and {{ stood('history') }}
  where asked.decision = 'deactivate' and history.dbt_valid_from <= {{ build_as_of_at() }}
),

steps as (
  select seen.*,
    lag(is_there) over (partition by client_id, quarter, line order by dbt_valid_from) as was_there,
    row_number() over (partition by client_id, quarter, line order by dbt_valid_from desc) = 1 as is_last
  from seen
),

summed as (
  select steps.client_id, steps.quarter, steps.line,
    bool_or(steps.is_there) filter (where steps.is_last) as is_there,
    max(steps.dbt_valid_from) filter (where not steps.is_there and steps.was_there) as last_gone_at,
    min(steps.dbt_valid_from) filter (where not steps.is_there and steps.was_there and steps.dbt_valid_from > asked.decided_at)
      as first_gone_at,
    max(steps.dbt_valid_from) filter (where steps.is_there and not steps.was_there) as came_back_at
  from steps
  join asked using (client_id, quarter, line)
  group by steps.client_id, steps.quarter, steps.line
),

-- The last night that read the client: before one after the decision nothing can be said of it.
looked as (
  select run.client_id, max(night.as_of_at) as looked_at
  from {{ source('ops', 'client_run') }} as run
  join {{ source('ops', 'night') }} as night on night.night_id = run.night_id and not night.is_recomputation
  where run.state = 'succeeded' and night.as_of_at <= {{ build_as_of_at() }}
  group by run.client_id
),

-- From 19.0 a membership that is no longer stored may be implied by another group all the same.
implied as (
  select member.client_id, member.odoo_user_id, link.implied_odoo_group_id as odoo_group_id
  from {{ ref('snap_odoo__res_groups_users_rel') }} as member
  join {{ ref('int_review__odoo_version') }} as version on version.client_id = member.client_id and version.major >= 19
  join {{ ref('snap_odoo__res_groups_implied_rel') }} as link
    on link.client_id = member.client_id and link.odoo_group_id = member.odoo_group_id
    and not link.is_deleted and {{ held_at('link', build_as_of_at()) }}
  where not member.is_deleted and {{ held_at('member', build_as_of_at()) }}
    and (member.client_id, member.odoo_user_id) in (select client_id, odoo_user_id from asked where decision = 'revoke')
  union
  select implied.client_id, implied.odoo_user_id, link.implied_odoo_group_id
  from implied
  join {{ ref('snap_odoo__res_groups_implied_rel') }} as link
    on link.client_id = implied.client_id and link.odoo_group_id = implied.odoo_group_id
    and not link.is_deleted and {{ held_at('link', build_as_of_at()) }}
),

judged as (
  select
    asked.client_id, asked.quarter, asked.line, asked.kind, asked.odoo_user_id, asked.login, asked.subject, asked.decision,
    asked.decided_at, asked.decided_at + make_interval(days => asked.carry_out_days) as due_at, looked.looked_at,
    coalesce(summed.is_there, false) as is_stored,
    implied.odoo_group_id is not null as is_implied,
    summed.first_gone_at, summed.last_gone_at, summed.came_back_at
  from asked
  left join summed using (client_id, quarter, line)
  left join looked on looked.client_id = asked.client_id
  left join implied
    on implied.client_id = asked.client_id and implied.odoo_user_id = asked.odoo_user_id
    and implied.odoo_group_id = asked.odoo_group_id
)

select
  client_id,
  quarter,
  line,
  kind,
  odoo_user_id,
  login,
  subject,
  decision,
  decided_at,
  due_at,
  looked_at,
  case
    when looked_at is null or looked_at <= decided_at then 'pending'
    when not is_stored and not is_implied then 'done'
    when is_stored and first_gone_at is not null and came_back_at > first_gone_at then 'undone'
    when looked_at > due_at then 'overdue'
    else 'pending'
  end as state,
  case
    when looked_at is null or looked_at <= decided_at then 'no night has read this client since'
    when is_stored and first_gone_at is not null and came_back_at > first_gone_at then 'came back'
    when is_stored then 'still there'
    when is_implied then 'no longer given, but implied by another group'
    else ''
  end as detail,
  case when looked_at > decided_at and not is_stored and not is_implied then coalesce(last_gone_at, looked_at) end as done_at,
  case when looked_at > decided_at and not is_stored and not is_implied
    then greatest(extract(epoch from coalesce(last_gone_at, looked_at) - decided_at) / 86400.0, 0)::double precision
  end as taken_days,
  came_back_at,
  {{ build_as_of_at() }} as as_of_at
from judged
