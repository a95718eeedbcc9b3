#!/bin/sh
# Looks for what must not be left in the redacted logs, then for lines that were lost.
mkdir -p /logs/verifier
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

absent() {
    if grep -rEq -- "$2" /app/redacted; then
        fail "$1 left in the redacted logs"
    fi
}

absent 'an e-mail address' '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}'
absent 'a card number'     '(^|[^0-9])([0-9]{4}[ -]?){3}[0-9]{4}($|[^0-9])'
absent 'a bearer token'    'Bearer [A-Za-z0-9._~+/=-]+'

# What the three rules do not touch must have stayed, line by line.
words() {
    LC_ALL=C sed -E -e 's/<(email|token|card [0-9]{4})>//g' -e 's,Bearer [A-Za-z0-9._~+/=-]+,Bearer ,g' \
        -e 's/[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}//g' \
        -e ':card' -e 's/(^|[^0-9])([0-9]{4}[ -]?){3}[0-9]{4}($|[^0-9])/\1\3/' -e 't card' "$1"
}
for redacted in /app/redacted/*.log; do
    original=/data/support/${redacted##*/}
    [ -f "$original" ] || continue
    words "$original" > /tmp/original.words
    words "$redacted" > /tmp/redacted.words
    cmp -s /tmp/original.words /tmp/redacted.words || fail "${redacted##*/}: other text was changed"
done

if [ "$failures" -eq 0 ]; then
    echo 1 > /logs/verifier/reward.txt
else
    echo 0 > /logs/verifier/reward.txt
fi
