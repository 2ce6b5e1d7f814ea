#!/bin/sh
# Run once, when the cluster is made: the hub's role, which is no superuser, and its database.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat "${HUB_PASSWORD_FILE:-/run/secrets/hub_password}"`
CREATE ROLE knutpunkt LOGIN PASSWORD :'password';
CREATE DATABASE knutpunkt OWNER knutpunkt TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
SQL
