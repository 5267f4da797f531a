/*
 * The combined multiple recursive generator MRG31k3p of L'Ecuyer and Touzin (2000):
 *
 *     x[n] = (2**22 x[n-2] + (2**7 + 1) x[n-3])   modulo 2**31 - 1
 *     y[n] = (2**15 y[n-1] + (2**15 + 1) y[n-3])  modulo 2**31 - 21069
 *
 * and (x[n] - y[n]) modulo 2**31 - 1 is drawn. Value number i comes from stream i modulo the number of
 * streams, so that neighbouring values are independent of one another and made side by side.
 */
#include "common.h"

enum { STREAM_BLOCK = 256 };

#define M1 2147483647u
#define M2 2147462579u

/* In mrg.py and numba_dispatch.py this is an array of intptr_t. */
typedef struct { ptrdiff_t count, streams, threads; } mrg_draw;

typedef struct { int32_t x[3][STREAM_BLOCK], y[3][STREAM_BLOCK]; } mrg_block;

static void load(mrg_block *block, const int32_t *state, ptrdiff_t width)
{
    for (ptrdiff_t p = 0; p < width; ++p)
        for (int k = 0; k < 3; ++k) {
            block->x[k][p] = state[6 * p + k];
            block->y[k][p] = state[6 * p + 3 + k];
        }
}

static void store(const mrg_block *block, int32_t *state, ptrdiff_t width)
{
    for (ptrdiff_t p = 0; p < width; ++p)
        for (int k = 0; k < 3; ++k) {
            state[6 * p + k] = block->x[k][p];
            state[6 * p + 3 + k] = block->y[k][p];
        }
}

/* `value` less `modulus` unless it is smaller: an unsigned difference below zero is huge. */
static inline uint32_t reduce(uint32_t value, uint32_t modulus)
{
    return value - modulus < value ? value - modulus : value;
}

/*
 * Multiplication by a power of two modulo 2**31 - 1 is a rotation of 31 bits. The shifts to the right
 * are of signed numbers, for states grown from a negative seed.
 */
static inline uint32_t rotate(int32_t value, int bits)
{
    const uint32_t low = (uint32_t)value & ((1u << (31 - bits)) - 1);
    return (low << bits) + (uint32_t)(value >> (31 - bits));
}

/* value 2**15 modulo M2: the upper half carries 2**31 = 21069. */
static inline uint32_t scale(int32_t value)
{
    return reduce((((uint32_t)value & 65535u) << 15) + 21069u * (uint32_t)(value >> 16), M2);
}

/* One step of the first `width` streams; `difference` is what they draw. */
static void advance(mrg_block *block, int32_t *restrict difference, ptrdiff_t width)
{
    for (ptrdiff_t p = 0; p < width; ++p) {
        const int32_t x3 = block->x[2][p], y3 = block->y[2][p];
        const uint32_t x = reduce(reduce(rotate(block->x[1][p], 22) + rotate(x3, 7), M1)
                                  + (uint32_t)x3, M1);
        const uint32_t y = reduce(reduce(scale(y3) + (uint32_t)y3, M2) + scale(block->y[0][p]), M2);
        block->x[2][p] = block->x[1][p];
        block->x[1][p] = block->x[0][p];
        block->x[0][p] = (int32_t)x;
        block->y[2][p] = block->y[1][p];
        block->y[1][p] = block->y[0][p];
        block->y[0][p] = (int32_t)y;
        difference[p] = (int32_t)(x - y + ((int32_t)x <= (int32_t)y ? M1 : 0u));
    }
}

#define TEMPLATE "mrg_typed.h"
#include "each_type.h"
