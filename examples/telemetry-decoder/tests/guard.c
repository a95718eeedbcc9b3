/* A malloc for LD_PRELOAD: each block ends at an inaccessible page, and a freed block becomes inaccessible.
 * Sizes from 64 bytes on are rounded up to a multiple of 16, as the C library's own structures need alignment. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, EDGE = 32 };

struct block { size_t mapped, size; };   /* at the start of the mapping */

static struct block *block_of(void *p)
{
    /* The address of the mapping is kept right before the data. */
    return *(struct block **)((char *)p - EDGE);
}

void *malloc(size_t size)
{
    size_t room = size < 64 ? size : (size + 15) & ~(size_t)15;
    size_t mapped = ((room + EDGE + PAGE - 1) / PAGE + 2) * PAGE;
    if (size > (size_t)1 << 30) {
        errno = ENOMEM;
        return NULL;
    }
    char *start = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    mprotect(start + mapped - PAGE, PAGE, PROT_NONE);
    struct block *block = (struct block *)start;
    *block = (struct block){mapped, size};
    char *data = start + mapped - PAGE - room;
    memset(data, 0xA5, room);   /* uninitialised memory must not look like zeros */
    memcpy(data - EDGE, &block, sizeof block);
    return data;
}

void free(void *p)
{
    if (p)
        mprotect(block_of(p), block_of(p)->mapped, PROT_NONE);
}

void *calloc(size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        return NULL;
    void *p = malloc(all);
    return p ? memset(p, 0, all) : NULL;
}

void *realloc(void *old, size_t size)
{
    void *p = malloc(size);
    if (p && old) {
        size_t known = block_of(old)->size;
        memcpy(p, old, known < size ? known : size);
        free(old);
    }
    return p;
}
