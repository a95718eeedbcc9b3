#!/bin/sh
set -eu
cat > /app/bursts.sh <<'SH'
#!/bin/sh
# Usage: bursts.sh LOGDIR. Lists addresses with 5 or more failed logins within 60 seconds.
set -eu
export LC_ALL=C
cd -- "$1"

contents() {
    for file in access.log access.log.*; do
        [ -f "$file" ] && [ ! -L "$file" ] || continue
        number=${file#access.log}; number=${number#.}; plain=${number%.gz}
        case $file in access.log.) continue ;; esac
        case $plain in *[!0-9]*) continue ;; '') [ "$file" = access.log ] || continue ;; esac
        case $file in
            *.gz) [ -f "${file%.gz}" ] && [ ! -L "${file%.gz}" ] || gzip -dc -- "$file" ;;
            *) cat -- "$file" ;;
        esac
        echo   # a file may end in a cut-off line
    done
}

# address, seconds since 1970, F or S, account; one line for each login attempt
attempts() {
    awk '
    function days(y, m, d,    era, yoe) {   # days since 1970-01-01 of a Gregorian date
        if (m <= 2) y--
        era = int(y / 400); yoe = y - era * 400
        return era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1 - 719468
    }
    function is_time(stamp) {
        return stamp ~ /^\[[0-9][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$/
    }
    is_time($4) && $5 ~ /^[+-][0-9][0-9][0-9][0-9]\]$/ && $6 == "\"POST" && $7 ~ /^\/login([?]|$)/ && $8 ~ /^HTTP\/[0-9.]+"$/ && ($9 == 401 || $9 == 302) {
        month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", substr($4, 5, 3)) + 2) / 3
        if (month < 1 || month != int(month)) next
        seconds = days(substr($4, 9, 4), month, substr($4, 2, 2)) * 86400
        seconds += substr($4, 14, 2) * 3600 + substr($4, 17, 2) * 60 + substr($4, 20, 2)
        offset = substr($5, 2, 2) * 3600 + substr($5, 4, 2) * 60
        seconds += substr($5, 1, 1) == "-" ? offset : -offset
        printf "%s %.0f %s %s\n", $1, seconds, $9 == 401 ? "F" : "S", $3
    }'
}

# Sorted by address, then time: one pass with a sliding window; failures of a second come before successes.
contents | attempts | sort -k1,1 -k2,2n -k3,3 -k4,4 | awk '
function stamp(t,    z, era, doe, yoe, doy, mp, y, m, d) {
    z = int(t / 86400) + 719468; era = int(z / 146097); doe = z - era * 146097
    yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
    doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100)); mp = int((5 * doy + 2) / 153)
    d = doy - int((153 * mp + 2) / 5) + 1; m = mp < 10 ? mp + 3 : mp - 9; y = yoe + era * 400 + (m <= 2)
    t %= 86400
    return sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, int(t / 3600), int(t / 60) % 60, t % 60)
}
function flush() { if (alarm != "") print address, stamp(alarm), n, peak, alarm }
$1 != address { flush(); address = $1; n = peak = 0; first = 1; alarm = "" }
$3 == "F" {
    at[++n] = $2
    while (at[first] < $2 - 60) first++
    if (n - first + 1 > peak) peak = n - first + 1
    if (alarm == "" && n - first + 1 >= 5) alarm = $2
}
$3 == "S" && alarm != "" && $4 != "-" { print address, "account", $4 }
END { flush() }' | sort -u | awk '
$2 == "account" { accounts[$1] = accounts[$1] (accounts[$1] == "" ? "" : ",") $3; next }
{ line[++n] = $0 }
END {
    for (i = 1; i <= n; i++) {
        split(line[i], f, " ")
        printf "%s\t%s\t%d\t%d\t%s\n", f[1], f[2], f[3], f[4], accounts[f[1]] == "" ? "-" : accounts[f[1]]
    }
}' | sort -t "$(printf '\t')" -k2,2 -k1,1
SH
chmod 755 /app/bursts.sh
/app/bursts.sh /data/logs
