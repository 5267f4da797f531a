/* Sizes of a convolution, and the vectors that its kernels work with. */
#ifndef LASAGNE_EXT_CONVOLUTION_H
#define LASAGNE_EXT_CONVOLUTION_H

#include "common.h"

enum { AXES = 3 };

/* In nn.py and conv_numba.py this is an array of intptr_t. */
typedef struct {
    ptrdiff_t batch, channels, filters, groups;   /* channels and filters of all groups */
    ptrdiff_t in[AXES], window[AXES], out[AXES];
    ptrdiff_t stride[AXES], dilation[AXES], pad[AXES];
    ptrdiff_t flip;
} convolution;

/* A tile of TILE_ROWS x 2 vectors of sums, and its operands, fit the registers. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, TILE_ROWS = 8 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, TILE_ROWS = 6 };
#elif defined(__aarch64__)
enum { VECTOR_BYTES = 16, TILE_ROWS = 8 };
#else
enum { VECTOR_BYTES = 16, TILE_ROWS = 6 };
#endif

enum {
    STEP_BLOCK = 8192 / VECTOR_BYTES,   /* terms of a sum added up in registers: 16 KiB of operands */
    POINT_BLOCK = 128,   /* points whose sums stay in the cache */
    FEW_FILTERS = 12,
    PARTIAL_SUMS = 16,   /* at most so many parts of a batch are summed up apart */
    PARTIAL_VALUES = 1 << 20
};

/* Multiplications for which a thread is worth waking. */
#define WORK_OF_A_THREAD 1e6

static inline ptrdiff_t product(const ptrdiff_t *size) { return size[0] * size[1] * size[2]; }

static inline int threads_for(const convolution *g)
{
    return worthwhile_threads((double)g->batch * (double)g->filters * (double)product(g->out)
                              * (double)product(g->window) * (double)(g->channels / g->groups),
                              WORK_OF_A_THREAD);
}

#endif
