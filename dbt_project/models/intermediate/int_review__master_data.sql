with total as (
  select rate.*,
    (select string_agg(worst.rule || ' ' || worst.found_count, ', ' order by worst.found_count desc, worst.rule)
     from (
       select rule, found_count from {{ ref('masterdata_rate') }} as one
       where one.client_id = rate.client_id and one.rule <> '' and one.found_count > 0
       order by found_count desc, rule limit 3) as worst) as worst_rules,
    (select count(*) from {{ ref('masterdata_rate') }} as one
     where one.client_id = rate.client_id and one.rule <> '' and not one.is_judged and one.reason like 'the account may not read%') as hidden_count,
    (select count(*) from {{ ref('masterdata_different') }} as pair
     where pair.client_id = rate.client_id and pair.state = 'expired') as expired_count
  from {{ ref('masterdata_rate') }} as rate
  where rate.model = ''
)

select
  client_id,
  rate_pct as value,
  case
    when not is_judged then 'n/a'
    when hidden_count > 0 then 'not proven'
    when rate_pct >= {{ policy('masterdata.act_from_pct') }} then 'act'
    when rate_pct >= {{ policy('masterdata.watch_from_pct') }} then 'watch'
    else 'good'
  end as verdict,
  case
    when not is_judged then reason
    else found_count || ' of ' || looked_at_count || ' records in use'
      || coalesce('; most by ' || worst_rules, '')
      || case when waived_count > 0 then '; known to be different: ' || waived_count else '' end
      || case when expired_count > 0 then '; decisions that ended and count no more: ' || expired_count else '' end
      || case when hidden_count > 0 then '; rules about records that the account may not read: ' || hidden_count else '' end
  end as reason
from total
