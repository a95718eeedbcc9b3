#!/bin/sh
# A reward is there whatever happens: 0 first, 1 only when both builds decode every log correctly.
mkdir -p /logs/verifier
echo 0 > /logs/verifier/reward.txt
chmod 700 /tests   # the program runs as another user and cannot read what is expected of it

# Both builds go to a folder of our own, with our own flags and the Makefile as it was handed out.
builds=$(mktemp -d) && chmod 755 "$builds"
check() {
    cmp /tests/Makefile /app/Makefile &&
    touch /app/decode.c &&
    make -C /app &&
    cp /app/decode "$builds/plain" &&
    gcc -std=c11 -g -O1 -fstack-protector-all -D_FORTIFY_SOURCE=2 -o "$builds/guarded" /app/decode.c &&
    gcc -std=c11 -O2 -shared -fPIC -o "$builds/guard.so" /tests/guard.c &&
    perl /tests/check.pl "$builds"
}
check && echo 1 > /logs/verifier/reward.txt
rm -rf "$builds"
exit 0
