create user "{{ user }}" password disable;
grant create on database "{{ database }}" to "{{ user }}";
create role {{ schema }}_reader;
grant role {{ schema }}_reader to "{{ user }}" with admin option;
