/*
 * Linear interpolation of a plane's single channel, for one floating point type REAL: four points at a
 * time, with the four pixels around each in one quad. Included by sample_typed.h.
 */
#if defined(__GNUC__)

/* `otherwise`, but where t is 0 `at_zero`. */
INLINE TYPED(quad) TYPED(unless_zero)(TYPED(quad) t, TYPED(quad) at_zero, TYPED(quad) otherwise)
{
    const TYPED(indices) zero = t == 0;
    return (TYPED(quad))((zero & (TYPED(indices))at_zero) | (~zero & (TYPED(indices))otherwise));
}

INLINE TYPED(quad) TYPED(blend_quads)(TYPED(quad) from, TYPED(quad) to, TYPED(quad) t)
{
    return TYPED(unless_zero)(t, from, from + t * (to - from));
}

/*
 * A quad for each pixel of the patch, of the four that begin there, so that a point takes one load instead
 * of four. They lie where the patch's gradient will.
 */
static void TYPED(load_corners)(TYPED(workspace) *w, const TYPED(segment) *s)
{
    const ptrdiff_t row = s->size[0];
    for (ptrdiff_t i = 0; i + 1 < s->size[1]; ++i) {
        const REAL *restrict upper = w->patch + i * row, *restrict lower = upper + row;
        REAL *restrict to = w->patch_grad + 4 * i * row;
        ptrdiff_t j = 0;
        for (; j + 5 <= row; j += 4) {
            TYPED(quad) q[4] = {TYPED(load_quad)(upper + j), TYPED(load_quad)(upper + j + 1),
                                TYPED(load_quad)(lower + j), TYPED(load_quad)(lower + j + 1)};
            TYPED(transpose)(q);
            for (int k = 0; k < 4; ++k)
                TYPED(store_quad)(to + 4 * (j + k), q[k]);
        }
        for (; j + 1 < row; ++j)
            TYPED(store_quad)(to + 4 * j, (TYPED(quad)){upper[j], upper[j + 1], lower[j], lower[j + 1]});
    }
}

/* The corners of points p ... p + 3, one quad for each of upper left, upper right, lower left, lower right. */
INLINE void TYPED(corners_at)(const TYPED(workspace) *w, ptrdiff_t p, TYPED(quad) *corner)
{
    for (int k = 0; k < 4; ++k)
        corner[k] = TYPED(load_quad)(w->patch_grad + 4 * w->offset[p + k]);
    TYPED(transpose)(corner);
}

/* As many points of a segment as make whole quads; returns the others. */
static TYPED(segment) TYPED(corners_interpolate)(const TYPED(workspace) *w, const TYPED(segment) *s,
                                                 REAL *restrict out)
{
    TYPED(segment) rest = *s;
    for (; rest.count >= 4; rest.first += 4, rest.count -= 4) {
        const ptrdiff_t p = rest.first;
        const TYPED(quad) x = TYPED(load_quad)(w->frac[0] + p), y = TYPED(load_quad)(w->frac[1] + p);
        TYPED(quad) q[4];
        TYPED(corners_at)(w, p, q);
        TYPED(store_quad)(out + p, TYPED(blend_quads)(TYPED(blend_quads)(q[0], q[1], x),
                                                      TYPED(blend_quads)(q[2], q[3], x), y));
    }
    return rest;
}

static TYPED(segment) TYPED(corners_coordinate_grads)(TYPED(workspace) *w, const TYPED(segment) *s,
                                                      const REAL *restrict grad)
{
    TYPED(segment) rest = *s;
    for (; rest.count >= 4; rest.first += 4, rest.count -= 4) {
        const ptrdiff_t p = rest.first;
        const TYPED(quad) x = TYPED(load_quad)(w->frac[0] + p), y = TYPED(load_quad)(w->frac[1] + p);
        const TYPED(quad) seed = TYPED(load_quad)(grad + p);
        TYPED(quad) q[4];
        TYPED(corners_at)(w, p, q);
        TYPED(put_doubles)(w->grad[0] + p, seed * TYPED(blend_quads)(q[1] - q[0], q[3] - q[2], y),
                           w->has_grads);
        TYPED(put_doubles)(w->grad[1] + p, seed * TYPED(blend_quads)(q[2] - q[0], q[3] - q[1], x),
                           w->has_grads);
    }
    return rest;
}

/*
 * From the gradient of a segment's values to that of its patch. Each point adds what it gives the four
 * pixels around it to a quad of its own first pixel: neighbouring points would else wait for each other's
 * sums.
 */
static void TYPED(corners_scatter)(TYPED(workspace) *w, const TYPED(segment) *s, const REAL *restrict grad)
{
    const ptrdiff_t row = s->size[0], pixels = s->size[0] * s->size[1], last = s->first + s->count;
    REAL *restrict corners = w->patch_grad + PATCH_PIXELS;
    const REAL *restrict x = w->frac[0], *restrict y = w->frac[1];
    memset(corners, 0, (size_t)(4 * pixels) * sizeof *corners);
    ptrdiff_t p = s->first;
    for (; p + 4 <= last; p += 4) {
        const TYPED(quad) across = TYPED(load_quad)(x + p), down = TYPED(load_quad)(y + p);
        const TYPED(quad) seed = TYPED(load_quad)(grad + p);
        const TYPED(quad) lower = seed * down, upper = seed * (1 - down);
        TYPED(quad) grads[4] = {upper * (1 - across), upper * across, lower * (1 - across), lower * across};
        TYPED(transpose)(grads);
        for (int k = 0; k < 4; ++k) {
            REAL *to = corners + 4 * w->offset[p + k];
            TYPED(store_quad)(to, TYPED(load_quad)(to) + grads[k]);
        }
    }
    for (; p < last; ++p) {
        REAL *to = corners + 4 * w->offset[p];
        to[0] += grad[p] * (1 - y[p]) * (1 - x[p]);
        to[1] += grad[p] * (1 - y[p]) * x[p];
        to[2] += grad[p] * y[p] * (1 - x[p]);
        to[3] += grad[p] * y[p] * x[p];
    }
    /* A row of each kind of corner, after a 0, of this line of pixels and of the one above: the patch has
       been read, and lends its place. */
    const ptrdiff_t length = row + 4;
    REAL *restrict rows = w->patch, *restrict rows_above = w->patch + 4 * length;
    memset(rows_above, 0, (size_t)(4 * length) * sizeof *rows_above);
    for (ptrdiff_t i = 0; i < s->size[1]; ++i) {
        const REAL *restrict from = corners + 4 * i * row;
        for (int k = 0; k < 4; ++k)
            rows[k * length] = 0;
        ptrdiff_t j = 0;
        for (; j + 4 <= row; j += 4) {
            TYPED(quad) q[4];
            for (int k = 0; k < 4; ++k)
                q[k] = TYPED(load_quad)(from + 4 * (j + k));
            TYPED(transpose)(q);
            for (int k = 0; k < 4; ++k)
                TYPED(store_quad)(rows + k * length + 1 + j, q[k]);
        }
        for (; j < row; ++j)
            for (int k = 0; k < 4; ++k)
                rows[k * length + 1 + j] = from[4 * j + k];
        REAL *restrict to = w->patch_grad + i * row;
        const REAL *restrict left = rows + length, *restrict above = rows_above + 2 * length;
        const REAL *restrict above_left = rows_above + 3 * length;
        for (j = 0; j < row; ++j)
            to[j] = rows[1 + j] + left[j] + above[1 + j] + above_left[j];
        REAL *const swapped = rows_above;
        rows_above = rows;
        rows = swapped;
    }
}
#endif
