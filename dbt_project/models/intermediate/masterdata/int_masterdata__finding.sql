{# All that is found now. A record 0 says of how many records: per rule those it looks at, for rule '' those in use. #}
-- What was looked at is written down before what was found is told: depends_on: {{ ref('int_masterdata__taken') }}
with different as (
  select entry.client as client_id, entry.rule, least(entry.records[1], entry.records[2]) as earlier_id,
    greatest(entry.records[1], entry.records[2]) as later_id
  from jsonb_to_recordset({{ policy_json('masterdata.different') }}) as entry (client text, rule text, records bigint[], until date)
  join {{ ref('int_review__period') }} as period on period.client_id = entry.client and entry.until >= period.as_of_on
),

-- Where two records are known to be different, the later one may still be a double of another.
duplicate as (
  select twin.client_id, twin.model, twin.rule, twin.record_id,
    case when different.later_id is null then twin.other_record_id else coalesce(next.record_id, twin.other_record_id) end as other_record_id
  from {{ ref('int_masterdata__duplicate') }} as twin
  left join different
    on different.client_id = twin.client_id and different.rule = twin.rule
    and different.later_id = twin.record_id and different.earlier_id = twin.other_record_id
  left join lateral (
    select min(other.record_id) as record_id
    from {{ ref('int_masterdata__key') }} as other
    where different.later_id is not null
      and other.client_id = twin.client_id and other.rule = twin.rule and other.key = twin.key
      and other.record_id < twin.record_id and {{ same_company('other', 'twin') }}
      and not exists (
        select from different as known
        where known.client_id = twin.client_id and known.rule = twin.rule
          and known.later_id = twin.record_id and known.earlier_id = other.record_id)
  ) as next on true
),

-- What only a query finds counts where the rule looks at the record.
asked as (
  select client_id, ''::text as model, ''::text as rule, 0::bigint as bit, record_id, detail
  from (select null::text as client_id, null::bigint as record_id, null::text as detail) as nothing where false
  {% for name, rule in master_data().rules.items() if rule.query %}
  union all
  select client_id::text, '{{ rule.about }}', '{{ name }}', 1::bigint << {{ master_data_bit(name) }}, record_id::bigint, string_agg(distinct detail::text, '; ')
  from ({{ master_data_query(rule.query) }}) as found
  group by 1, 5
  {% endfor %}
),

found as (
  select fault.client_id, fault.model, fault.rule, fault.record_id, null::bigint as other_record_id, fault.detail, true as is_in_the_record
  from {{ ref('int_masterdata__fault') }} as fault
  union all
  select client_id, model, rule, record_id, other_record_id, 'looks like ' || model || ',' || other_record_id, true from duplicate
  union all
  select asked.client_id, asked.model, asked.rule, asked.record_id, null, asked.detail, false
  from asked
  join {{ ref('int_masterdata__record') }} as record
    on record.client_id = asked.client_id and record.model = asked.model and record.record_id = asked.record_id
  where record.looked_at_by & asked.bit <> 0
),

counted as (
  select client_id, model,
    count(*) filter (where is_in_use) as in_use_count
    {%- for place in range(master_data_places()) %},
    count(*) filter (where looked_at_by & {{ 2 ** place }}::bigint <> 0) as count_{{ place }}
    {%- endfor %}
  from {{ ref('int_masterdata__record') }}
  group by client_id, model
)

select
  found.client_id, found.model, found.rule, found.record_id, found.other_record_id, found.detail, record.is_in_use,
  -- As it is written, it is at least since then; what hangs on other records begins when it is seen.
  case when found.is_in_the_record then greatest(record.updated_at, other.updated_at) end as stands_since_at,
  record.updated_at, record.updated_by_odoo_user_id, null::bigint as record_count
from found
join {{ ref('int_masterdata__record') }} as record
  on record.client_id = found.client_id and record.model = found.model and record.record_id = found.record_id
left join {{ ref('int_masterdata__record') }} as other
  on other.client_id = found.client_id and other.model = found.model and other.record_id = found.other_record_id
union all
select counted.client_id, counted.model, said.rule, 0, null, '', null, null, null, null, said.record_count
from counted
cross join lateral (values
  (''::text, counted.model, counted.in_use_count)
  {%- for name, rule in master_data().rules.items() %},
  ('{{ name }}', '{{ rule.about }}', counted.count_{{ master_data_bit(name) }})
  {%- endfor %}
) as said (rule, about, record_count)
where said.about = counted.model
