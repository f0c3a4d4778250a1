#!/bin/sh
# Backs the installation up into FOLDER: what is published, the outbox, the ledgers, Dagster's records. Run nightly by
# ledgergate-backup.timer. Keeps DAYS days (30).
#
#   backup.sh /var/backups/ledgergate
set -eu
umask 077
folder=${1:?usage: backup.sh FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)

cd "$root"
"${PYTHON:-$root/.venv/bin/python}" -m orchestration.cli.main backup save "$folder"
find "$folder" -maxdepth 1 -type f -name 'ledgergate-*.tar.gz' -mtime "+${DAYS:-30}" -delete
