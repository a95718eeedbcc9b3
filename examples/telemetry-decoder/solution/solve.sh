#!/bin/sh
set -eu
cat > /app/decode.c <<'C'
/* decode FILE: print the records of a buoy's telemetry log as text. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 3, MAX_PAYLOAD = 65535, CRC = 2 };

static unsigned char record[HEAD + MAX_PAYLOAD + CRC];

static uint16_t crc16(const unsigned char *data, size_t size)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= (uint16_t)(data[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    return crc;
}

static uint32_t u16(const unsigned char *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t u32(const unsigned char *p) { return u16(p) << 16 | u16(p + 2); }

/* An unsigned number of the given width as two's complement, without relying on the compiler. */
static int64_t as_signed(uint32_t value, int bits)
{
    int64_t limit = (int64_t)1 << (bits - 1);
    return value < limit ? (int64_t)value : (int64_t)value - 2 * limit;
}

static void decimal(int64_t value, int scale, int digits)
{
    int64_t size = value < 0 ? -value : value;
    printf(",%s%d.%0*d", value < 0 ? "-" : "", (int)(size / scale), digits, (int)(size % scale));
}

static void text(const unsigned char *p, size_t size)
{
    printf(",\"");
    for (size_t i = 0; i < size; i++) {
        if (p[i] == '"' || p[i] == '\\')
            printf("%c%c", p[i], p[i]);
        else if (p[i] < 0x20 || p[i] > 0x7E)
            printf("\\x%02x", p[i]);
        else
            putchar(p[i]);
    }
    putchar('"');
}

static int well_formed(unsigned type, size_t length)
{
    return (type == 1 && length == 6) || (type == 2 && length >= 4) || (type == 3 && length == 12);
}

static void print_record(unsigned type, const unsigned char *p, size_t length)
{
    printf("%c,%lu", " TNP"[type], (unsigned long)u32(p));
    if (type == 1)
        decimal(as_signed(u16(p + 4), 16), 100, 2);
    else if (type == 2)
        text(p + 4, length - 4);
    for (size_t at = 4; type == 3 && at < length; at += 4)
        decimal(as_signed(u32(p + at), 32), 1000000, 6);
    putchar('\n');
}

static int read_record(FILE *file, size_t *length)
{
    if (fread(record, 1, HEAD, file) != HEAD)
        return 0;
    *length = u16(record + 1);
    return fread(record + HEAD, 1, *length + CRC, file) == *length + CRC;
}

int main(int argc, char **argv)
{
    unsigned char header[6];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || fread(header, 1, 6, file) != 6 || memcmp(header, "TLM1", 4) != 0) {
        fprintf(stderr, "usage: decode FILE, a telemetry log\n");
        return 2;
    }
    unsigned announced = u16(header + 4), records = 0, bad = 0, unknown = 0;
    for (size_t length; records < announced && read_record(file, &length); records++) {
        unsigned type = record[0];
        int known = type >= 1 && type <= 3;
        if (crc16(record, HEAD + length) != u16(record + HEAD + length) || (known && !well_formed(type, length)))
            bad++;
        else if (known)
            print_record(type, record + HEAD, length);
        else
            unknown++;
    }
    printf("# records=%u bad=%u unknown=%u\n", records, bad, unknown);
    if (records < announced || fgetc(file) != EOF)
        return 2;
    return bad ? 1 : 0;
}
C
make -C /app
/app/decode /data/clean.tlm
