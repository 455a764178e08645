select
  seed.major,
  seed.model,
  ltrim(split_part(token.field, ':', 1), '~') as field_name,
  split_part(split_part(token.field, ':', 2), '>', 1) as field_type,
  nullif(split_part(token.field, '>', 2), '') as relation,
  token.field not like '~%' as is_stored
from {{ ref('odoo_model_fields') }} as seed
cross join lateral unnest(string_to_array(seed.fields, ' ')) as token (field)
