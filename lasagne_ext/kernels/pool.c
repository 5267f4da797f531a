/*
 * Pooling of planes, and its gradients, a row of the output at a time: the rows that its windows
 * cover are combined first, element by element, then their neighbours, and the other way round for
 * gradients. Planes are shared out among threads, so that their number changes no sum.
 */
#include <stdlib.h>

#include "common.h"

enum { AXES = 3 };

/* Kept in step with POOL_MODES in nn.py. */
enum pooling { POOL_MAX, POOL_SUM, POOL_AVERAGE_INC_PAD, POOL_AVERAGE_EXC_PAD };

/* In nn.py and pool_numba.py this is an array of intptr_t. */
typedef struct {
    ptrdiff_t planes, in[AXES], out[AXES], window[AXES], stride[AXES], pad[AXES], pad_after[AXES];
    ptrdiff_t mode;
} pooling;

enum action { FORWARD, SUM_GRAD, MAX_GRAD, MAX_GRAD_GRAD };

static inline ptrdiff_t product(const ptrdiff_t *size) { return size[0] * size[1] * size[2]; }

/* Elements of a window along an axis that lie in the image. */
static inline void clip_window(const pooling *g, int axis, ptrdiff_t point, ptrdiff_t *first, ptrdiff_t *last)
{
    const ptrdiff_t start = point * g->stride[axis] - g->pad[axis];
    *first = larger(0, start);
    *last = smaller(start + g->window[axis], g->in[axis]);
}

/* What a window's sum is divided by, along an axis. */
static inline ptrdiff_t divisor(const pooling *g, int axis, ptrdiff_t point)
{
    const ptrdiff_t start = point * g->stride[axis] - g->pad[axis];
    if (g->mode == POOL_AVERAGE_EXC_PAD)
        return smaller(start + g->window[axis], g->in[axis]) - larger(0, start);
    return smaller(start + g->window[axis], g->in[axis] + g->pad_after[axis]) - start;
}

/* Elements looked at for which a thread is worth waking. */
#define WORK_OF_A_THREAD 65536.

static inline int is_average(const pooling *g)
{
    return g->mode == POOL_AVERAGE_INC_PAD || g->mode == POOL_AVERAGE_EXC_PAD;
}

/*
 * The points of a row whose windows' element k lies in the image are left to right; returns where
 * the first such element is.
 */
static inline ptrdiff_t span(const pooling *g, ptrdiff_t k, ptrdiff_t *left, ptrdiff_t *right)
{
    const ptrdiff_t shift = k - g->pad[2], stride = g->stride[2];
    *left = shift < 0 ? (stride - 1 - shift) / stride : 0;
    *right = larger(*left, smaller(g->out[2], larger(0, g->in[2] - shift + stride - 1) / stride));
    return *left * stride + shift;
}

#define TEMPLATE "pool_typed.h"
#include "each_type.h"
