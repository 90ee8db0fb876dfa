-- The events of every hour that keep to the contract, and a checksum of them that does not depend on their order: an
-- hour is stale when its object would now give another one.
select
    timestamp 'epoch' + (ts / 3600000) * interval '1 hour' as hour,
    count(*) as events,
    sum(strtol(substring(md5(
        coalesce(artist, '~')
        || '|' || coalesce(auth, '~')
        || '|' || coalesce(firstname, '~')
        || '|' || coalesce(gender, '~')
        || '|' || coalesce(iteminsession::varchar, '~')
        || '|' || coalesce(lastname, '~')
        || '|' || coalesce(length::varchar, '~')
        || '|' || coalesce(level, '~')
        || '|' || coalesce(location, '~')
        || '|' || coalesce(method, '~')
        || '|' || coalesce(page, '~')
        || '|' || coalesce(registration::varchar, '~')
        || '|' || coalesce(sessionid::varchar, '~')
        || '|' || coalesce(song, '~')
        || '|' || coalesce(status::varchar, '~')
        || '|' || coalesce(ts::varchar, '~')
        || '|' || coalesce(useragent, '~')
        || '|' || coalesce(userid::varchar, '~')
    ), 1, 10), 16)) as fingerprint
from {{ events }}
where ts >= 0 and {{ keeps_contract }}
group by 1
