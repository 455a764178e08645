select period.client_id, count(scorecard.kpi) as kpi_count
from {{ ref('int_review__period') }} as period
left join {{ ref('review_scorecard') }} as scorecard on scorecard.client_id = period.client_id
group by period.client_id
having count(scorecard.kpi) <> 6
