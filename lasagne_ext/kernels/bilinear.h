/*
 * Bilinear sampling of a chunk of points, for one floating point type REAL.
 *
 * A plan is made once per chunk from its coordinates and then serves every channel:
 * where the four neighbours lie in a plane, and how far the point is between them.
 * The derivative at a kink (a point exactly on a pixel centre) is the right-hand one,
 * because the neighbours are always floor(x) and floor(x) + 1.
 */
#define TYPED_(name, suffix) name##_##suffix
#define TYPED_2(name, suffix) TYPED_(name, suffix)
#define TYPED(name) TYPED_2(name, SUFFIX)

typedef struct {
    int32_t corner[4][CHUNK];                /* (low, low) (low, high) (high, low) (high, high) */
    uint8_t inside[4][CHUNK];
    REAL across[CHUNK], down[CHUNK];
    int any_outside;
} TYPED(plan);

static void TYPED(make_plan)(TYPED(plan) *restrict plan, const double *restrict xs,
                             const double *restrict ys, ptrdiff_t count, const geometry *g)
{
    axis x, y;
    resolve_axis(&x, xs, count, g->columns, g->border);
    resolve_axis(&y, ys, count, g->rows, g->border);
    const int32_t columns = (int32_t)g->columns;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const int32_t upper = y.low[p] * columns, lower = y.high[p] * columns;
        plan->corner[0][p] = upper + x.low[p];
        plan->corner[1][p] = upper + x.high[p];
        plan->corner[2][p] = lower + x.low[p];
        plan->corner[3][p] = lower + x.high[p];
        /* A point with one bad coordinate is bad in both. */
        const double bad = 0 * (x.fraction[p] + y.fraction[p]);
        plan->across[p] = (REAL)(x.fraction[p] + bad);
        plan->down[p] = (REAL)(y.fraction[p] + bad);
    }
    plan->any_outside = x.any_outside || y.any_outside;
    if (plan->any_outside)
        for (ptrdiff_t p = 0; p < count; ++p) {
            plan->inside[0][p] = y.low_inside[p] & x.low_inside[p];
            plan->inside[1][p] = y.low_inside[p] & x.high_inside[p];
            plan->inside[2][p] = y.high_inside[p] & x.low_inside[p];
            plan->inside[3][p] = y.high_inside[p] & x.high_inside[p];
        }
}

/* Exact at weight 0, whatever the other end holds: an identity transform copies -0.0, NaN and Inf. */
static inline REAL TYPED(blend)(REAL from, REAL to, REAL weight)
{
    return weight == 0 ? from : from + weight * (to - from);
}

static inline REAL TYPED(pixel)(const TYPED(plan) *plan, const REAL *plane, int corner, ptrdiff_t p,
                                int masked)
{
    const REAL value = plane[plan->corner[corner][p]];
    return masked && !plan->inside[corner][p] ? 0 : value;
}

static inline void TYPED(gather_row)(const TYPED(plan) *restrict plan, const REAL *restrict plane,
                                     REAL *restrict out, ptrdiff_t count, int masked)
{
#pragma omp simd
    for (ptrdiff_t p = 0; p < count; ++p) {
        const REAL a = TYPED(pixel)(plan, plane, 0, p, masked);
        const REAL b = TYPED(pixel)(plan, plane, 1, p, masked);
        const REAL c = TYPED(pixel)(plan, plane, 2, p, masked);
        const REAL d = TYPED(pixel)(plan, plane, 3, p, masked);
        out[p] = TYPED(blend)(TYPED(blend)(a, b, plan->across[p]),
                              TYPED(blend)(c, d, plan->across[p]), plan->down[p]);
    }
}

static void TYPED(gather)(const TYPED(plan) *plan, const REAL *image, REAL *out, ptrdiff_t count,
                          const geometry *g)
{
    const ptrdiff_t plane = g->rows * g->columns, out_plane = g->out_rows * g->out_columns;
    for (ptrdiff_t c = 0; c < g->channels; ++c) {
        if (plan->any_outside)
            TYPED(gather_row)(plan, image + c * plane, out + c * out_plane, count, 1);
        else
            TYPED(gather_row)(plan, image + c * plane, out + c * out_plane, count, 0);
    }
}

/* Adds output_grad * d output / d coordinate of one channel. */
static inline void TYPED(slope_row)(const TYPED(plan) *restrict plan, const REAL *restrict plane,
                                    const REAL *restrict output_grad, double *restrict x_grad,
                                    double *restrict y_grad, ptrdiff_t count, int masked)
{
#pragma omp simd
    for (ptrdiff_t p = 0; p < count; ++p) {
        const REAL a = TYPED(pixel)(plan, plane, 0, p, masked);
        const REAL b = TYPED(pixel)(plan, plane, 1, p, masked);
        const REAL c = TYPED(pixel)(plan, plane, 2, p, masked);
        const REAL d = TYPED(pixel)(plan, plane, 3, p, masked);
        const REAL across = TYPED(blend)(b - a, d - c, plan->down[p]);
        const REAL down = TYPED(blend)(c - a, d - b, plan->across[p]);
        x_grad[p] += (double)output_grad[p] * across;
        y_grad[p] += (double)output_grad[p] * down;
    }
}

/* Overwrites x_grad and y_grad with the sums over all channels. */
static void TYPED(slopes)(const TYPED(plan) *plan, const REAL *image, const REAL *output_grad,
                          double *x_grad, double *y_grad, ptrdiff_t count, const geometry *g)
{
    const ptrdiff_t plane = g->rows * g->columns, out_plane = g->out_rows * g->out_columns;
    memset(x_grad, 0, (size_t)count * sizeof *x_grad);
    memset(y_grad, 0, (size_t)count * sizeof *y_grad);
    for (ptrdiff_t c = 0; c < g->channels; ++c) {
        const REAL *source = image + c * plane, *grad = output_grad + c * out_plane;
        if (plan->any_outside)
            TYPED(slope_row)(plan, source, grad, x_grad, y_grad, count, 1);
        else
            TYPED(slope_row)(plan, source, grad, x_grad, y_grad, count, 0);
    }
    /* Even without channels a point that is nowhere has no slope. */
    for (ptrdiff_t p = 0; p < count; ++p) {
        const double bad = 0 * ((double)plan->across[p] + plan->down[p]);
        x_grad[p] += bad;
        y_grad[p] += bad;
    }
}

/* Adds to the input's gradient; `channels` planes from input_grad and output_grad on. */
static void TYPED(scatter)(const TYPED(plan) *restrict plan, REAL *restrict input_grad,
                           const REAL *restrict output_grad, ptrdiff_t channels, ptrdiff_t count,
                           const geometry *g)
{
    const ptrdiff_t plane = g->rows * g->columns, out_plane = g->out_rows * g->out_columns;
    const int masked = plan->any_outside;
    for (ptrdiff_t c = 0; c < channels; ++c) {
        REAL *target = input_grad + c * plane;
        const REAL *grad = output_grad + c * out_plane;
        for (ptrdiff_t p = 0; p < count; ++p) {
            const REAL across = plan->across[p], down = plan->down[p];
            if (across != across)
                continue;                    /* a point that is nowhere touches no pixel */
            const REAL upper = grad[p] * (1 - down), lower = grad[p] * down;
            const REAL share[4] = {upper * (1 - across), upper * across,
                                   lower * (1 - across), lower * across};
            for (int corner = 0; corner < 4; ++corner)
                if (!masked || plan->inside[corner][p])
                    target[plan->corner[corner][p]] += share[corner];
        }
    }
}
