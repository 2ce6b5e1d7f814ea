#!/bin/sh
# Makes the passwords that compose.yaml reads, once, in the folder `secrets` beside; those that are there stay.
# The folder is its owner's alone; the files in it can be read by the users that the containers run as.
set -eu
cd "$(dirname "$0")"
mkdir -p -m 0700 secrets
made() { [ -e "secrets/$1" ] || { umask 022 && cat >"secrets/$1.new" && mv "secrets/$1.new" "secrets/$1"; }; }
drawn() { head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
drawn | made postgres_password
drawn | made hub_password
printf 'postgresql://knutpunkt:%s@postgres/knutpunkt' "$(cat secrets/hub_password)" | made database
made mosquitto_passwords </dev/null
