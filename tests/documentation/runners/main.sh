# Judges each arrival by the page's snippet, beside this file, and prints the answers.
set -eu
. ./snippet.sh

date() { cat "$each/now"; }

answers=
for each in arrivals/*; do
    SECRET=$(cat "$each/secret")
    verdict=false
    if is_genuine "$(cat "$each/webhook-id")" "$(cat "$each/webhook-timestamp")" \
        "$(cat "$each/webhook-signature")" "$each/body"; then
        verdict=true
    fi
    answers="$answers,$verdict"
done
echo "[${answers#,}]"
