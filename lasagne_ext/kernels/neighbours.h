/*
 * Which pixels a batch of points is made of, and how far the points are between them; for one
 * floating point type REAL. Included by sample.c.
 *
 * The pixels of consecutive points are brought together in a patch, channels side by side, with what
 * the border mode puts outside the image. A segment of the batch has one patch: the box of all pixels
 * between its points, or, where the points lie far apart, the few pixels of each point.
 */
#define TYPED(name) JOIN3(name, SUFFIX, ISA)
#define WIDE_BYTES ((ptrdiff_t)(WIDE_LANES * sizeof(REAL)))
#define PATCH_PIXELS (PATCH_BYTES / WIDE_BYTES)

typedef struct {
    ptrdiff_t first, count;
    int boxed;
    ptrdiff_t low[3], size[3];                /* of the box, or of one point's pixels */
} TYPED(segment);

/* What a thread works with. Every array before the counts begins as aligned as the whole. */
typedef struct {
    double at[3][TILE_POINTS];                /* pixel coordinates */
    double grad[3][TILE_POINTS];              /* of the loss, to them */
    REAL way[3][TILE_POINTS];                 /* from the pixel at or before a point to the point */
    REAL weight[3][4 * TILE_POINTS], slope[3][4 * TILE_POINTS];      /* bicubic, and derivatives */
    REAL sum[3][4 * TILE_POINTS];             /* gradients to be added up over four lanes */
    int32_t low[3][TILE_POINTS], offset[TILE_POINTS], nowhere[TILE_POINTS];
    REAL tile[TILE_POINTS * WIDE_LANES];                             /* output values, or their gradients */
    REAL patch[PATCH_PIXELS * WIDE_LANES], patch_grad[PATCH_PIXELS * WIDE_LANES];
    ptrdiff_t count, nowhere_count, segments;
    int has_sums, has_grads;                  /* whether anything has been put into `sum` and `grad` */
    TYPED(segment) segment[MOST_SEGMENTS];
} TYPED(work);

static void TYPED(settle_far)(TYPED(work) *w, int axis, const geometry *g)
{
    const double period = (double)period_of(g->size[axis], g->border);
    const int periodic = g->border >= BORDER_MIRROR;
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        const double x = w->at[axis][p];
        if (fabs(x) < FAR)
            continue;
        const double below = floor(x);
        w->at[axis][p] = periodic ? modulo(below, period) + (x - below) : x < 0 ? -FAR : FAR;
    }
}

/* Lists the points that are not finite; puts them at the first pixel. */
static void TYPED(find_nowhere)(TYPED(work) *w, const geometry *g)
{
    w->nowhere_count = 0;
    int far[3] = {0}, any = 0;
    for (int axis = 0; axis < g->rank; ++axis) {
        const double *restrict at = w->at[axis];
        int beyond = 0;
        for (ptrdiff_t p = 0; p < w->count; ++p)
            beyond |= !(fabs(at[p]) < FAR);
        far[axis] = beyond;
        any |= beyond;
    }
    if (!any)
        return;
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        int finite = 1;
        for (int axis = 0; axis < g->rank; ++axis)
            finite &= isfinite(w->at[axis][p]) != 0;
        if (!finite) {
            w->nowhere[w->nowhere_count++] = (int32_t)p;
            for (int axis = 0; axis < g->rank; ++axis)
                w->at[axis][p] = 0;
        }
    }
    for (int axis = 0; axis < g->rank; ++axis)
        if (far[axis])
            TYPED(settle_far)(w, axis, g);
}

/*
 * Splits coordinates into whole pixels and the way beyond them. Where all pixels of a point are the
 * same one of the border, the way counts as none: blending would make NaN of an infinite pixel.
 */
static void TYPED(split_axis)(TYPED(work) *w, int axis, const geometry *g)
{
    const ptrdiff_t size = g->size[axis];
    const int before = taps_before(g, axis), after = taps_of(g, axis) - 1 - before;
    const double half = g->interpolation == NEAREST ? .5 : 0;
    const int outer = g->border == BORDER_ZEROS;
    const int clamped = outer || g->border == BORDER_NEAREST;
    const double first = clamped ? -after - outer : -2 * FAR;
    const double last = !clamped ? 2 * FAR : size == 1 && !outer ? first : (double)(size - 1 + before + outer);
    const double *restrict at = w->at[axis];
    REAL *restrict way = w->way[axis];
    int32_t *restrict low = w->low[axis];
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        double below = floor(at[p] + half);
        double beyond = at[p] - below;
        beyond = below <= first ? 0 : below >= last ? 0 : beyond;
        below = below <= first ? first : below >= last ? last : below;
        low[p] = (int32_t)below - before;
        way[p] = (REAL)beyond;
    }
}

/* Keys (1981), equation 5 for any coefficient a, and its derivative; all four taps of each point. */
static void TYPED(weigh_axis)(TYPED(work) *w, int axis, double a, int slopes)
{
    const double *restrict at = w->at[axis];
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        /* From the coordinate, which holds more digits than the way; unless the border has taken it. */
        const double exact = at[p] - floor(at[p]);
        const double t = w->way[axis][p] == (REAL)exact ? exact : (double)w->way[axis][p];
        REAL *weight = w->weight[axis] + 4 * p, *slope = w->slope[axis] + 4 * p;
        weight[0] = (REAL)(a * t * (t - 1) * (t - 1));
        weight[1] = (REAL)(((a + 2) * t - (a + 3)) * t * t + 1);
        weight[2] = (REAL)(((-(a + 2) * t + 2 * a + 3) * t - a) * t);
        weight[3] = (REAL)(a * t * t * (1 - t));
        if (slopes) {
            slope[0] = (REAL)(a * (t - 1) * (3 * t - 1));
            slope[1] = (REAL)((3 * (a + 2) * t - 2 * (a + 3)) * t);
            slope[2] = (REAL)((-3 * (a + 2) * t + 2 * (2 * a + 3)) * t - a);
            slope[3] = (REAL)(a * t * (2 - 3 * t));
        }
    }
}

/* Appends segments that cover points first ... first + count - 1. */
static void TYPED(divide)(TYPED(work) *w, const geometry *g, ptrdiff_t first, ptrdiff_t count)
{
    TYPED(segment) *s = w->segment + w->segments;
    ptrdiff_t taps = 1, pixels = 1;
    s->first = first;
    s->count = count;
    for (int axis = 0; axis < 3; ++axis) {
        int32_t least = 0, most = 0;
        if (axis < g->rank) {
            const int32_t *restrict low = w->low[axis] + first;
            least = most = low[0];
            for (ptrdiff_t p = 0; p < count; ++p) {
                least = low[p] < least ? low[p] : least;
                most = low[p] > most ? low[p] : most;
            }
        }
        s->low[axis] = least;
        s->size[axis] = (ptrdiff_t)most - least + taps_of(g, axis);
        taps *= taps_of(g, axis);
        /* A product that stays small: no overflow however far apart the points are. */
        pixels = smaller(pixels, PATCH_PIXELS + 1) * smaller(s->size[axis], PATCH_PIXELS + 1);
    }
    s->boxed = pixels <= PATCH_PIXELS && pixels <= 3 * taps * count + 64;
    if (!s->boxed && (count >= 2 * SMALLEST_SPLIT || taps * count > PATCH_PIXELS)) {
        TYPED(divide)(w, g, first, count / 2);
        TYPED(divide)(w, g, first + count / 2, count - count / 2);
        return;
    }
    if (!s->boxed)
        for (int axis = 0; axis < 3; ++axis)
            s->size[axis] = taps_of(g, axis);
    for (ptrdiff_t p = first; p < first + count; ++p)
        w->offset[p] = (int32_t)(s->boxed ? ((g->rank == 3 ? w->low[2][p] - s->low[2] : 0) * s->size[1]
                                             + w->low[1][p] - s->low[1]) * s->size[0]
                                            + w->low[0][p] - s->low[0]
                                          : (p - first) * taps);
    ++w->segments;
}

/* From the coordinates of `count` points to all that interpolation needs. */
static void TYPED(find_neighbours)(TYPED(work) *w, const geometry *g, ptrdiff_t count, double cubic, int slopes)
{
    w->count = count;
    w->segments = 0;
    TYPED(find_nowhere)(w, g);
    for (int axis = 0; axis < g->rank; ++axis) {
        TYPED(split_axis)(w, axis, g);
        if (g->interpolation == CUBIC)
            TYPED(weigh_axis)(w, axis, cubic, slopes);
    }
    if (count > 0)
        TYPED(divide)(w, g, 0, count);
}
