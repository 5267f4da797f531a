/* Pooling for one floating point type REAL; the template of pool.c. */

/* What one row of the output is computed from and written to; `scratch` is for three rows of the image. */
typedef struct {
    const REAL *image, *image_grad;    /* planes */
    const REAL *maximum, *output_grad; /* rows */
    REAL *out_row, *grad_plane, *scratch;
} TYPED(arrays);

/* Branches that depend on values are mispredicted every other time, hence selections instead. */
INLINE REAL TYPED(max)(REAL a, REAL b)
{
    return (a <= b) | (b != b) ? b : a;    /* NaN, once met, stays */
}

INLINE void TYPED(combine)(int is_max, REAL *restrict to, const REAL *restrict from, ptrdiff_t count,
                           const ptrdiff_t stride)
{
    if (is_max)
        for (ptrdiff_t x = 0; x < count; ++x)
            to[x] = TYPED(max)(from[x * stride], to[x]);
    else
        for (ptrdiff_t x = 0; x < count; ++x)
            to[x] += from[x * stride];
}

INLINE void TYPED(scatter)(int is_sum, REAL *restrict to, const REAL *restrict from, ptrdiff_t count,
                           const ptrdiff_t stride)
{
    if (is_sum)
        for (ptrdiff_t x = 0; x < count; ++x)
            to[x * stride] += from[x];
    else
        for (ptrdiff_t x = 0; x < count; ++x)
            to[x * stride] = from[x];
}

/* out[x] = max or sum of row[x stride + k - pad], for k from first to last. */
static void TYPED(reduce_windows)(int is_max, REAL *out, const REAL *row, ptrdiff_t first, ptrdiff_t last,
                                  const pooling *g)
{
    for (ptrdiff_t k = first; k < last; ++k) {
        ptrdiff_t left, right;
        const REAL *from = row + span(g, k, &left, &right);
        if (g->stride[2] == 1)         /* the compiler knows best what to do with a constant */
            TYPED(combine)(is_max, out + left, from, right - left, 1);
        else if (g->stride[2] == 2)
            TYPED(combine)(is_max, out + left, from, right - left, 2);
        else
            TYPED(combine)(is_max, out + left, from, right - left, g->stride[2]);
    }
}

/* row[x stride + k - pad] becomes from[x], or that much more, for k from first to last. */
static void TYPED(expand_windows)(int is_sum, REAL *row, const REAL *from, ptrdiff_t first, ptrdiff_t last,
                                  const pooling *g)
{
    for (ptrdiff_t k = first; k < last; ++k) {
        ptrdiff_t left, right;
        REAL *to = row + span(g, k, &left, &right);
        if (g->stride[2] == 1)
            TYPED(scatter)(is_sum, to, from + left, right - left, 1);
        else if (g->stride[2] == 2)
            TYPED(scatter)(is_sum, to, from + left, right - left, 2);
        else
            TYPED(scatter)(is_sum, to, from + left, right - left, g->stride[2]);
    }
}

/* Sums to averages; or the gradients of averages to those of sums. */
static void TYPED(divide)(const pooling *g, ptrdiff_t z, ptrdiff_t y, const REAL *from, REAL *to)
{
    const ptrdiff_t rows = divisor(g, 0, z) * divisor(g, 1, y);
    for (ptrdiff_t x = 0; x < g->out[2]; ++x)
        to[x] = from[x] / (REAL)(rows * divisor(g, 2, x));
}

static void TYPED(fill)(REAL *row, ptrdiff_t count, REAL value)
{
    for (ptrdiff_t x = 0; x < count; ++x)
        row[x] = value;
}

/* The rows of the image that the windows of a row of the output cover: where each begins. */
#define EACH_ROW(at)                                                                                  \
    for (ptrdiff_t iz = first[0]; iz < last[0]; ++iz)                                                 \
        for (ptrdiff_t iy = first[1], at = (iz * g->in[1] + iy) * g->in[2]; iy < last[1];             \
             ++iy, at += g->in[2])

/* One row (z, y) of the output. */
INLINE void TYPED(row)(const int action, const pooling *g, ptrdiff_t z, ptrdiff_t y,
                       const TYPED(arrays) *a)
{
    const ptrdiff_t width = g->in[2], stride = g->stride[2], window = g->window[2];
    const int is_max = g->mode == POOL_MAX;
    REAL *const restrict sums = a->scratch, *const restrict maxima = sums + width;
    ptrdiff_t first[2], last[2];
    clip_window(g, 0, z, first, last);
    clip_window(g, 1, y, first + 1, last + 1);
    if (action == FORWARD) {
        TYPED(fill)(sums, width, is_max ? -(REAL)INFINITY : 0);
        TYPED(fill)(a->out_row, g->out[2], is_max ? -(REAL)INFINITY : 0);
        EACH_ROW(at)
            TYPED(combine)(is_max, sums, a->image + at, width, 1);
        TYPED(reduce_windows)(is_max, a->out_row, sums, 0, window, g);
        if (is_average(g))
            TYPED(divide)(g, z, y, a->out_row, a->out_row);
    } else if (action == SUM_GRAD) {
        const REAL *share = a->output_grad;
        if (is_average(g)) {
            TYPED(divide)(g, z, y, share, maxima);
            share = maxima;
        }
        TYPED(fill)(sums, width, 0);
        TYPED(expand_windows)(1, sums, share, 0, window, g);
        EACH_ROW(at)
            TYPED(combine)(0, a->grad_plane + at, sums, width, 1);
    } else {
        if (action == MAX_GRAD_GRAD)
            TYPED(fill)(a->out_row, g->out[2], 0);
        /* Windows overlap, but their elements k to k + stride do not. */
        for (ptrdiff_t k = 0; k < window; k += stride) {
            const ptrdiff_t end = smaller(k + stride, window);
            TYPED(fill)(sums, 2 * width, 0);
            TYPED(expand_windows)(0, maxima, a->maximum, k, end, g);
            if (action == MAX_GRAD)
                TYPED(expand_windows)(0, sums, a->output_grad, k, end, g);
            EACH_ROW(at) {
                const REAL *restrict image = a->image + at;
                const REAL *restrict grad = action == MAX_GRAD ? sums : a->image_grad + at;
                REAL *restrict to = action == MAX_GRAD ? a->grad_plane + at : sums;
                for (ptrdiff_t x = 0; x < width; ++x) {
                    const REAL value = grad[x];
                    to[x] += image[x] == maxima[x] ? value : 0;
                }
            }
            if (action == MAX_GRAD_GRAD)
                TYPED(reduce_windows)(0, a->out_row, sums, k, end, g);
        }
    }
}

INLINE int TYPED(run)(const int action, const REAL *image, const REAL *image_grad, const REAL *maximum,
                      const REAL *output_grad, REAL *result, const pooling *g)
{
    const ptrdiff_t in = product(g->in), out = product(g->out);
    const int is_grad = action == SUM_GRAD || action == MAX_GRAD;
    int failed = 0;
#pragma omp parallel num_threads(worthwhile_threads((double)(g->planes * in), WORK_OF_A_THREAD)) \
    reduction(|:failed)
    {
        REAL *scratch = malloc((size_t)(g->in[2] + larger(g->in[2], g->out[2]) + 1) * sizeof *scratch);
        failed = scratch == NULL;
#pragma omp for schedule(static)
        for (ptrdiff_t plane = 0; plane < g->planes; ++plane) {
            if (failed)
                continue;
            if (is_grad)
                memset(result + plane * in, 0, (size_t)in * sizeof *result);
            for (ptrdiff_t z = 0; z < g->out[0]; ++z)
                for (ptrdiff_t y = 0; y < g->out[1]; ++y) {
                    const ptrdiff_t at = plane * out + (z * g->out[1] + y) * g->out[2];
                    const TYPED(arrays) arrays = {
                        image ? image + plane * in : NULL, image_grad ? image_grad + plane * in : NULL,
                        maximum ? maximum + at : NULL, output_grad ? output_grad + at : NULL,
                        is_grad ? NULL : result + at, is_grad ? result + plane * in : NULL, scratch};
                    TYPED(row)(action, g, z, y, &arrays);
                }
        }
        free(scratch);
    }
    return failed;
}

API int TYPED(pool_forward)(const REAL *image, REAL *out, const pooling *g)
{
    return TYPED(run)(FORWARD, image, NULL, NULL, NULL, out, g);
}

API int TYPED(pool_mean_grad)(const REAL *output_grad, REAL *image_grad, const pooling *g)
{
    return TYPED(run)(SUM_GRAD, NULL, NULL, NULL, output_grad, image_grad, g);
}

API int TYPED(pool_max_grad)(const REAL *image, const REAL *maximum, const REAL *output_grad,
                             REAL *image_grad, const pooling *g)
{
    return TYPED(run)(MAX_GRAD, image, NULL, maximum, output_grad, image_grad, g);
}

API int TYPED(pool_max_grad_grad)(const REAL *image, const REAL *maximum, const REAL *image_grad,
                                  REAL *out, const pooling *g)
{
    return TYPED(run)(MAX_GRAD_GRAD, image, image_grad, maximum, NULL, out, g);
}
