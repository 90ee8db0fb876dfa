-- The hours of those users whose latest hour was taken back. This looks through the hours of all users, and is run only
-- if there is such a user.
insert into user_candidates
select
    known.user_id, known.first_name, known.last_name, known.gender, known.level, known.hour, known.ts,
    known.session_id, known.item_in_session
from {{ star() }}.user_hours as known
inner join reconsidered_users on known.user_id = reconsidered_users.user_id;
