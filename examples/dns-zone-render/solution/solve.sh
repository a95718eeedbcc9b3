#!/bin/sh
set -eu
cat > /app/render.sh <<'SH'
#!/bin/sh
# Usage: render.sh hosts.tsv OUTDIR TODAY
set -eu
export LC_ALL=C
hosts=$1 out=$2 today=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, last number of the address, alias (or -); exits with 1 at the first fault of a line
awk -F '\t' '
function bad(what) { print "render: line " NR ": " what > "/dev/stderr"; failed = 1; exit 1 }
function label(text) { if (text !~ /^[a-z0-9-]+$/ || text ~ /^-|-$/) bad("bad name " text); return text }
/^#/ || /^[ \t]*$/ { next }
{
    name = label(tolower($1))
    if ($2 !~ /^192\.0\.2\.[1-9][0-9]?[0-9]?$/ || substr($2, 9) + 0 > 254) bad("bad address " $2)
    last = substr($2, 9) + 0
    names[name] = 1
    print name, last, "-"
    n = split(tolower($3), alias, ",")
    for (i = 1; i <= n; i++) {
        if (alias[i] in of && of[alias[i]] != name) bad("alias " alias[i] " means two names")
        of[label(alias[i])] = name
        print name, last, alias[i]
    }
}
END {
    if (failed) exit 1
    for (a in of) if (a in names) bad("alias " a " is also a name")
}' "$hosts" > "$work/all"

{
    awk '$3 == "-" { print $1, $2 }' "$work/all" | sort -u -k1,1 -k2,2n | awk '{ printf "%s\tA\t192.0.2.%d\n", $1, $2 }'
    awk '$3 != "-" { printf "%s\tCNAME\t%s\n", $3, $1 }' "$work/all" | sort -u
} > "$work/lab.example"
awk '$3 == "-" { print $2, $1 }' "$work/all" | sort -u -k1,1n -k2,2 | awk '{ printf "%d\tPTR\t%s.lab.example.\n", $1, $2 }' > "$work/2.0.192.in-addr.arpa"

for zone in lab.example 2.0.192.in-addr.arpa; do
    file=$out/$zone.zone
    serial=${today}00
    if [ -f "$file" ]; then
        tail -n +4 "$file" | cmp -s - "$work/$zone" && continue
        old=$(awk -F '\t' 'NR == 3 { split($3, soa, " "); print soa[3] }' "$file")
        [ "$old" -ge "$serial" ] && serial=$((old + 1))
    fi
    {
        printf '$ORIGIN %s.\n$TTL 3600\n' "$zone"
        printf '@\tSOA\tns1.lab.example. hostmaster.lab.example. %s 7200 900 1209600 3600\n' "$serial"
        cat "$work/$zone"
    } > "$work/new"
    cat "$work/new" > "$file"
done
SH
chmod 755 /app/render.sh
mkdir -p /tmp/zones
/app/render.sh /data/hosts.tsv /tmp/zones 20250301
cat /tmp/zones/*
