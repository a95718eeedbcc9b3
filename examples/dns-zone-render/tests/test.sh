#!/bin/sh
# Renders inventories into fresh and used folders and compares both zone files and the exit status.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
work=$(mktemp -d)
passed=0
failed=0

hosts() { printf -- "$@" > "$work/hosts.tsv"; }

zone() {    # zone FILE ORIGIN SERIAL RECORDS: the file that is expected
    {
        printf '$ORIGIN %s\n$TTL 3600\n' "$2"
        printf '@\tSOA\tns1.lab.example. hostmaster.lab.example. %s 7200 900 1209600 3600\n' "$3"
        printf "$4"
    } > "$work/expected/$1"
}

zones() {   # zones SERIAL REVERSE_SERIAL RECORDS REVERSE_RECORDS
    mkdir -p "$work/expected"
    zone lab.example.zone lab.example. "$1" "$3"
    zone 2.0.192.in-addr.arpa.zone 2.0.192.in-addr.arpa. "$2" "$4"
}

fresh() { rm -rf "$work/out" "$work/expected"; mkdir "$work/out" "$work/expected"; }

check() {   # check TITLE TODAY STATUS
    timeout 10 /app/render.sh "$work/hosts.tsv" "$work/out" "$2" 2> "$work/stderr"
    status=$?
    if [ "$status" -eq "$3" ] && diff -r "$work/expected" "$work/out"; then
        echo "ok - $1"
        passed=$((passed + 1))
    else
        echo "NOT OK - $1 (status $status, expected $3)"
        failed=$((failed + 1))
    fi
}

fresh
hosts '# c\n\nWeb\t192.0.2.10\twww,Shop\nweb\t192.0.2.9\twww\ndb\t192.0.2.100\t\na-1\t192.0.2.2\n'
zones 2025030100 2025030100 'a-1\tA\t192.0.2.2\ndb\tA\t192.0.2.100\nweb\tA\t192.0.2.9\nweb\tA\t192.0.2.10\nshop\tCNAME\tweb\nwww\tCNAME\tweb\n' \
    '2\tPTR\ta-1.lab.example.\n9\tPTR\tweb.lab.example.\n10\tPTR\tweb.lab.example.\n100\tPTR\tdb.lab.example.\n'
check 'a first run' 20250301 0
check 'nothing changed on another day' 20250402 0

hosts 'web\t192.0.2.10\twww\nweb\t192.0.2.9\tshop,www,new\ndb\t192.0.2.100\na-1\t192.0.2.2\n'
zones 2025030101 2025030100 'a-1\tA\t192.0.2.2\ndb\tA\t192.0.2.100\nweb\tA\t192.0.2.9\nweb\tA\t192.0.2.10\nnew\tCNAME\tweb\nshop\tCNAME\tweb\nwww\tCNAME\tweb\n' \
    '2\tPTR\ta-1.lab.example.\n9\tPTR\tweb.lab.example.\n10\tPTR\tweb.lab.example.\n100\tPTR\tdb.lab.example.\n'
check 'a new alias raises one serial only' 20250301 0

for line in 'x\t192.0.2.0\n' 'x\t192.0.2.255\n' 'x\t192.0.3.1\n' 'x\t192.0.2.1.1\n' 'x\tnone\n' 'x\n' '-x\t192.0.2.1\n' 'x-\t192.0.2.1\n' 'x_y\t192.0.2.1\n' \
    'x.y\t192.0.2.1\n' 'x\t192.0.2.1\ty\ny\t192.0.2.2\n' 'x\t192.0.2.1\tz\ny\t192.0.2.2\tz\n' 'x\t192.0.2.1\tz,\n' 'x\t192.0.2.1\tX\n'; do
    hosts "$line"
    check "refused: $line" 20250303 1
done

hosts 'web\t192.0.2.11\n'
zones 2025030400 2025030400 'web\tA\t192.0.2.11\n' '11\tPTR\tweb.lab.example.\n'
check 'a later day counts more than the old serial' 20250304 0

hosts 'b\t192.0.2.11\na\t192.0.2.11\na\t192.0.2.11\n'
zones 2025030401 2025030401 'a\tA\t192.0.2.11\nb\tA\t192.0.2.11\n' '11\tPTR\ta.lab.example.\n11\tPTR\tb.lab.example.\n'
check 'a clock that went back' 20240101 0

fresh
hosts '# nobody\n'
zones 2025010100 2025010100 '' ''
check 'an empty inventory' 20250101 0

# A larger inventory, made anew for each run.
fresh
awk -v seed="$$" 'BEGIN {
    srand(seed)
    for (n = 1; n <= 254; n++) if (rand() < .7) printf "%s\t192.0.2.%d\t%s\n", "h" n % 90, n, rand() < .5 ? "c" n % 90 : ""
}' | sort -R > "$work/hosts.tsv"
zones 2025010100 2025010100 '' ''
for n in $(seq 0 89); do
    awk -F '\t' -v name="h$n" '$1 == name { print $2 }' "$work/hosts.tsv" | sort -t. -k4n | sed "s/^/h$n\tA\t/"
done | LC_ALL=C sort -s -k1,1 >> "$work/expected/lab.example.zone"
for n in $(seq 0 89); do
    grep -qw "c$n" "$work/hosts.tsv" && printf 'c%d\tCNAME\th%d\n' "$n" "$n"
done | LC_ALL=C sort >> "$work/expected/lab.example.zone"
for n in $(seq 1 254); do
    awk -F '\t' -v address="192.0.2.$n" -v n="$n" '$2 == address { printf "%d\tPTR\t%s.lab.example.\n", n, $1 }' "$work/hosts.tsv"
done >> "$work/expected/2.0.192.in-addr.arpa.zone"
check 'a larger inventory' 20250101 0

rm -rf "$work"
echo "$passed passed, $failed failed"
reward=0
[ "$failed" -eq 0 ] && reward=1
mkdir -p "$LOGS_DIR/verifier"
echo "$reward" > "$LOGS_DIR/verifier/reward.txt"
