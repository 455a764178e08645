with rules as (
  select owner.*
  from {{ source('ops', 'ticket_owner') }} as owner
  -- A client that is looked after no more owns nothing: its tickets stay in sight as unmapped ones.
  join {{ ref('int_review__period') }} as client on client.client_id = owner.client_id
  where owner.build_id = {{ build_id() }}
),

tickets as (
  select filed.*, partner.commercial_odoo_partner_id
  from {{ ref('int_tickets__filed') }} as filed
  left join {{ ref('stg_odoo__res_partner') }} as partner
    on partner.client_id = filed.client_id and partner.odoo_partner_id = filed.odoo_partner_id
  where filed.client_id in (select home_client_id from rules)
),

tags as (
  select client_id, 'helpdesk.ticket' as ticket_model, odoo_ticket_id as ticket_id, odoo_tag_id
  from {{ ref('stg_odoo__helpdesk_ticket_helpdesk_ticket_tag_rel') }} where not is_deleted
  union all
  select client_id, 'helpdesk.ticket', odoo_ticket_id, odoo_tag_id
  from {{ ref('stg_odoo__helpdesk_tag_helpdesk_ticket_rel') }} where not is_deleted
  union all
  select client_id, 'project.task', odoo_task_id, odoo_tag_id
  from {{ ref('stg_odoo__project_tags_project_task_rel') }} where not is_deleted
),

traits as (
  select client_id, ticket_id, 'partner' as kind, odoo_partner_id as odoo_id from tickets
  union all
  select client_id, ticket_id, 'partner', commercial_odoo_partner_id from tickets
  union all
  select client_id, ticket_id, 'team', odoo_team_id from tickets
  union all
  select client_id, ticket_id, 'project', odoo_project_id from tickets
  union all
  select tickets.client_id, tickets.ticket_id, 'tag', tags.odoo_tag_id
  from tickets
  join tags
    on tags.client_id = tickets.client_id and tags.ticket_model = tickets.ticket_model and tags.ticket_id = tickets.ticket_id
),

owned as (
  select distinct on (traits.client_id, traits.ticket_id) traits.client_id, traits.ticket_id, rules.client_id as owner_client_id
  from traits
  join rules on rules.home_client_id = traits.client_id and rules.kind = traits.kind and rules.odoo_id = traits.odoo_id
  order by traits.client_id, traits.ticket_id, rules.position
),

referring as (
  select owned.*, policy.mirror_names, substring(tickets.title from policy.mirror_pattern) as reference
  from owned
  join tickets on tickets.client_id = owned.client_id and tickets.ticket_id = owned.ticket_id
  join {{ ref('int_tickets__policy') }} as policy on policy.client_id = owned.client_id
  where owned.owner_client_id <> owned.client_id
),

mirrored as (
  select referring.client_id, referring.ticket_id, min(original.ticket_id) as mirrored_ticket_id
  from referring
  join {{ ref('int_tickets__filed') }} as original
    on original.client_id = referring.owner_client_id
    and case referring.mirror_names when 'number' then original.ticket_number else original.ticket_id::text end = referring.reference
  group by referring.client_id, referring.ticket_id
)

select tickets.client_id, tickets.ticket_id, owned.owner_client_id, mirrored.mirrored_ticket_id
from tickets
left join owned on owned.client_id = tickets.client_id and owned.ticket_id = tickets.ticket_id
left join mirrored on mirrored.client_id = tickets.client_id and mirrored.ticket_id = tickets.ticket_id
