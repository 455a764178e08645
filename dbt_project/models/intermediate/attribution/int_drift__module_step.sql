{% set in_use = "('installed', 'to upgrade', 'to remove')" %}

with states as (
  select
    change_id,
    client_id,
    comparison,
    seen_at,
    content ->> 'name' as module_name,
    before_content ->> 'name' as before_name,
    before_content ->> 'state' as before_state,
    after_content ->> 'state' as after_state,
    before_content ->> 'latest_version' as before_version,
    after_content ->> 'latest_version' as after_version,
    is_upgrade,
    written_at
  from {{ ref('int_drift__change') }}
  where entity = 'ir.module.module' and action <> 'touched'
)

select
  states.*,
  case
    when after_state is null then 'removed'
    when before_name <> states.module_name then 'renamed'
    when after_state in {{ in_use }} and coalesce(before_state, '') not in {{ in_use }} then 'installed'
    when after_state not in {{ in_use }} and before_state in {{ in_use }} then 'uninstalled'
    when after_version is distinct from before_version then
      case
        when is_upgrade and states.module_name = 'base' then 'upgraded'
        else 'version changed'
      end
    else 'state changed'
  end as step,
  coalesce(module.is_auto_install, false) as is_auto_install
from states
left join {{ ref('int_drift__listed_module') }} as module
  on module.client_id = states.client_id and module.module_name = states.module_name
