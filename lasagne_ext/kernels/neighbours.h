/*
 * Which pixels a batch of points is made of, and how far the points are between them; for one
 * floating point type REAL. Included by sample_typed.h.
 *
 * The pixels of consecutive points are brought together in a patch, channels side by side, with what
 * the border mode puts outside the image. A segment of the batch has one patch: the box of all pixels
 * between its points, or, where the points lie far apart, the few pixels of each point.
 */

/* Points of a tile that have one patch. */
typedef struct {
    ptrdiff_t first, count;
    int boxed;
    ptrdiff_t start[3], size[3];              /* of the box, or of one point's pixels */
} TYPED(segment);

/* What a thread works with. Every array before the counts begins as aligned as the whole. */
typedef struct {
    double coord[3][TILE_POINTS];             /* in pixels */
    double grad[3][TILE_POINTS];              /* of the loss, to them */
    REAL frac[3][TILE_POINTS];                /* from the pixel at or before a point to the point */
    REAL weight[3][4 * TILE_POINTS], slope[3][4 * TILE_POINTS];      /* bicubic, and derivatives */
    REAL sum[3][4 * TILE_POINTS];             /* gradients to be added up over four lanes */
    int32_t start[3][TILE_POINTS];            /* first pixel of each point */
    int32_t offset[TILE_POINTS];              /* and where it lies in the patch */
    int32_t nonfinite[TILE_POINTS];           /* points whose coordinates are not finite */
    REAL tile[TILE_POINTS * WIDE_LANES];                             /* output values, or their gradients */
    REAL patch[PATCH_PIXELS * WIDE_LANES], patch_grad[PATCH_PIXELS * WIDE_LANES];
    ptrdiff_t count, nonfinite_count, segments;
    int has_sums, has_grads;                  /* whether anything has been put into `sum` and `grad` */
    TYPED(segment) segment[MAX_SEGMENTS];
} TYPED(workspace);

/* Brings coordinates too large for int32 to an equivalent place: within a period, or at the limit. */
static void TYPED(reduce_far)(TYPED(workspace) *w, int axis, const geometry *g)
{
    const double period = (double)border_period(g->size[axis], g->border);
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        const double x = w->coord[axis][p];
        if (fabs(x) < MAX_POSITION)
            continue;
        const double whole = floor(x);
        w->coord[axis][p] = period > 0 ? modulo(whole, period) + (x - whole)
                            : x < 0 ? -MAX_POSITION : MAX_POSITION;
    }
}

/* Lists the points that are not finite, and puts them at the first pixel: all that follows is safe. */
static void TYPED(find_nonfinite)(TYPED(workspace) *w, const geometry *g)
{
    w->nonfinite_count = 0;
    int is_far[3] = {0}, any = 0;
    for (int axis = 0; axis < g->rank; ++axis) {
        const double *restrict coord = w->coord[axis];
        int beyond = 0;
        for (ptrdiff_t p = 0; p < w->count; ++p)
            beyond |= !(fabs(coord[p]) < MAX_POSITION);
        is_far[axis] = beyond;
        any |= beyond;
    }
    if (!any)
        return;
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        int finite = 1;
        for (int axis = 0; axis < g->rank; ++axis)
            finite &= isfinite(w->coord[axis][p]) != 0;
        if (!finite) {
            w->nonfinite[w->nonfinite_count++] = (int32_t)p;
            for (int axis = 0; axis < g->rank; ++axis)
                w->coord[axis][p] = 0;
        }
    }
    for (int axis = 0; axis < g->rank; ++axis)
        if (is_far[axis])
            TYPED(reduce_far)(w, axis, g);
}

/*
 * Splits coordinates into whole pixels and the fraction beyond them. Where all pixels of a point are the
 * same one of the border, the fraction counts as 0: blending would make NaN of an infinite pixel.
 */
static void TYPED(split_axis)(TYPED(workspace) *w, int axis, const geometry *g)
{
    const ptrdiff_t size = g->size[axis];
    const int before = taps_before(g, axis), after = count_taps(g, axis) - 1 - before;
    const double half = g->interpolation == NEAREST ? .5 : 0;
    const int clamped = border_period(size, g->border) == 0, margin = border_margin(g->border);
    const double first = clamped ? -after - margin : -2 * MAX_POSITION;
    const double last = !clamped ? 2 * MAX_POSITION
                        : size == 1 && !margin ? first : (double)(size - 1 + before + margin);
    const double *restrict coord = w->coord[axis];
    REAL *restrict frac = w->frac[axis];
    int32_t *restrict start = w->start[axis];
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        double whole = floor(coord[p] + half);
        double rest = coord[p] - whole;
        rest = whole <= first ? 0 : whole >= last ? 0 : rest;
        whole = whole <= first ? first : whole >= last ? last : whole;
        start[p] = (int32_t)whole - before;
        frac[p] = (REAL)rest;
    }
}

/* Keys (1981), equation 5 for any coefficient a, and its derivative; all four taps of each point. */
static void TYPED(cubic_weights)(TYPED(workspace) *w, int axis, double a, int slopes)
{
    const double *restrict coord = w->coord[axis];
    for (ptrdiff_t p = 0; p < w->count; ++p) {
        /* From the coordinate, which holds more digits than the fraction; unless the border has taken it. */
        const double exact = coord[p] - floor(coord[p]);
        const double t = w->frac[axis][p] == (REAL)exact ? exact : (double)w->frac[axis][p];
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

/* Appends segments that cover points first ... first + count - 1: halves, until the patch of each is small. */
static void TYPED(split_segment)(TYPED(workspace) *w, const geometry *g, ptrdiff_t first, ptrdiff_t count)
{
    TYPED(segment) *s = w->segment + w->segments;
    ptrdiff_t taps = 1, pixels = 1;
    s->first = first;
    s->count = count;
    for (int axis = 0; axis < 3; ++axis) {
        int32_t min = 0, max = 0;
        if (axis < g->rank) {
            const int32_t *restrict start = w->start[axis] + first;
            min = max = start[0];
            for (ptrdiff_t p = 0; p < count; ++p) {
                min = start[p] < min ? start[p] : min;
                max = start[p] > max ? start[p] : max;
            }
        }
        s->start[axis] = min;
        s->size[axis] = (ptrdiff_t)max - min + count_taps(g, axis);
        taps *= count_taps(g, axis);
        /* A product that stays small: no overflow however far apart the points are. */
        pixels = smaller(pixels, PATCH_PIXELS + 1) * smaller(s->size[axis], PATCH_PIXELS + 1);
    }
    s->boxed = pixels <= PATCH_PIXELS && pixels <= 3 * taps * count + 64;
    if (!s->boxed && (count >= 2 * SMALLEST_SPLIT || taps * count > PATCH_PIXELS)) {
        TYPED(split_segment)(w, g, first, count / 2);
        TYPED(split_segment)(w, g, first + count / 2, count - count / 2);
        return;
    }
    if (!s->boxed)
        for (int axis = 0; axis < 3; ++axis)
            s->size[axis] = count_taps(g, axis);
    for (ptrdiff_t p = first; p < first + count; ++p)
        w->offset[p] = (int32_t)(s->boxed ? ((g->rank == 3 ? w->start[2][p] - s->start[2] : 0) * s->size[1]
                                             + w->start[1][p] - s->start[1]) * s->size[0]
                                 + w->start[0][p] - s->start[0]
                                 : (p - first) * taps);
    ++w->segments;
}

/* From the coordinates of `count` points to all that interpolation needs but the pixels. */
static void TYPED(find_neighbours)(TYPED(workspace) *w, const geometry *g, ptrdiff_t count, double cubic,
                                   int slopes)
{
    w->count = count;
    w->segments = 0;
    TYPED(find_nonfinite)(w, g);
    for (int axis = 0; axis < g->rank; ++axis) {
        TYPED(split_axis)(w, axis, g);
        if (g->interpolation == CUBIC)
            TYPED(cubic_weights)(w, axis, cubic, slopes);
    }
    if (count > 0)
        TYPED(split_segment)(w, g, 0, count);
}
