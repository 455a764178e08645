select distinct on (listed.client_id, listed.module_name)
  listed.client_id,
  listed.module_name,
  listed.odoo_module_id,
  listed.is_auto_install,
  {{ origin_of('listed', 'known') }} as origin
from {{ ref('stg_odoo__ir_module_module') }} as listed
left join {{ ref('odoo_modules') }} as known on known.module = listed.module_name
where listed.module_name is not null
order by listed.client_id, listed.module_name, listed.is_deleted, listed.odoo_module_id desc
