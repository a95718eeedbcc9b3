#!/bin/sh
set -eu
cat > /app/bill.sh <<'SH'
#!/bin/sh
# Usage: bill.sh tariff.csv readings.csv
set -eu
export LC_ALL=C
echo meter,kwh,cents,missing
awk -F, '
function minutes(clock) { return substr(clock, 1, 2) * 60 + substr(clock, 4, 2) }
function weekend(date,    y, m, d) {   # Zeller, 0 is Saturday
    y = substr(date, 1, 4) + 0; m = substr(date, 6, 2) + 0; d = substr(date, 9, 2) + 0
    if (m < 3) { m += 12; y-- }
    return (d + int(13 * (m + 1) / 5) + y + int(y / 4) - int(y / 100) + int(y / 400)) % 7 < 2
}
{ sub(/\r$/, "") }
FNR == 1 { next }
NR == FNR {
    from = minutes($2); to = minutes($3)
    for (t = 0; t < 1440; t += 15)
        if (from < to ? t >= from && t < to : t >= from || t < to) price[$1, t] = $4
    next
}
{ value[$1 "," $2] = $3 }
END {
    for (key in value) {
        split(key, part, ",")
        meter = part[1]; day = weekend(part[2]) ? "weekend" : "weekday"
        wh[meter] += value[key]
        cost[meter] += value[key] * price[day, minutes(substr(part[2], 12))]
        missing[meter] += value[key] == ""
    }
    for (meter in wh) {   # cost is in Wh times thousandths of a cent for a kWh: a million of them are a cent
        cents = int((cost[meter] + 500000) / 1000000)
        printf "%s,%d.%03d,%.0f,%d\n", meter, int(wh[meter] / 1000), wh[meter] % 1000, cents, missing[meter]
    }
}' "$1" "$2" | sort -t, -k1,1
SH
chmod 755 /app/bill.sh
/app/bill.sh /data/tariff.csv /data/readings.csv
