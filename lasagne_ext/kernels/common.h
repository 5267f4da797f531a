/* What every kernel shares: exported and inlined functions, memory, small arithmetic. */
#ifndef LASAGNE_EXT_COMMON_H
#define LASAGNE_EXT_COMMON_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

enum { ALIGNMENT = 64 };

/* Threads to use: as many as allowed, unless there is too little work for them. */
int worthwhile_threads(double work, double work_of_a_thread);

static inline ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static inline ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

/* Memory aligned for vectors; `block` is what to free. */
static inline void *aligned(size_t bytes, void **block)
{
    *block = malloc(bytes + ALIGNMENT);
    if (*block == NULL)
        return NULL;
    return (void *)(((uintptr_t)*block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

#endif
