/* decode FILE: print the records of a buoy's telemetry log as text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOTE 256

static uint16_t crc16(const unsigned char *data, int size)
{
    uint16_t crc = 0;
    for (int i = 0; i < size; i++) {
        crc ^= data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return crc;
}

static unsigned u16(const unsigned char *p) { return p[0] << 8 | p[1]; }
static unsigned u32(const unsigned char *p) { return u16(p) << 16 | u16(p + 2); }

static void temperature(const unsigned char *p)
{
    int value = u16(p + 4);
    printf("T,%u,%d.%02d\n", u32(p), value / 100, value % 100);
}

static void note(const char *p, int length)
{
    char *text = malloc(MAX_NOTE);
    strncpy(text, p + 4, length - 4);
    text[length - 4] = '\0';
    printf("N,%u,\"", u32((const unsigned char *)p));
    for (int i = 0; text[i]; i++) {
        if (text[i] == '"')
            printf("\"\"");
        else if (text[i] == '\\')
            printf("\\\\");
        else if (text[i] < ' ')
            printf("\\x%02x", text[i]);
        else
            putchar(text[i]);
    }
    printf("\"\n");
    free(text);
}

static void position(const unsigned char *p)
{
    unsigned latitude = u32(p + 4), longitude = u32(p + 8);
    printf("P,%u,%u.%06u,%u.%06u\n", u32(p), latitude / 1000000, latitude % 1000000, longitude / 1000000, longitude % 1000000);
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    unsigned char header[6], record[1024];
    if (!file || !fread(header, 6, 1, file) || memcmp(header, "TLM1", 4) != 0) {
        fprintf(stderr, "decode: not a telemetry log\n");
        return 2;
    }
    int bad = 0, unknown = 0;
    uint8_t count;
    for (count = 0; count < u16(header + 4); count++) {
        if (!fread(record, 3, 1, file))
            break;
        unsigned length = u16(record + 1);
        if (!fread(record + 3, length + 2, 1, file))
            break;
        if (crc16(record, length + 3) != u16(record + 3 + length))
            bad++;
        else if (record[0] == 1)
            temperature(record + 3);
        else if (record[0] == 2)
            note((char *)record + 3, length);
        else if (record[0] == 3)
            position(record + 3);
        else
            unknown++;
    }
    printf("# records=%d bad=%d unknown=%d\n", count, bad, unknown);
    return bad ? 1 : 0;
}
