/*
 * From planes to patches, whose pixels have their channels side by side, and back. Included by interpolation.h
 * for every number of LANES and floating point type REAL.
 */

/* `count` pixels of a row, channels apart, to channels side by side; channels that are not there are 0. */
INLINE void LANED(pack)(const REAL *restrict from, ptrdiff_t plane, ptrdiff_t channels, ptrdiff_t count,
                        REAL *restrict to)
{
#if LANES == 1
    (void)plane, (void)channels;
    memcpy(to, from, (size_t)count * sizeof *to);
#else
    /* Four planes at a time: they may lie so that more would not fit the cache together. */
    for (int c = 0; c < LANES; c += 4) {
        const ptrdiff_t left = channels - c;
        const REAL *row = from + c * plane;
        ptrdiff_t done = 0;
#if WIDE_LANES == 16 && defined(__AVX512F__)
        for (; done + 16 <= count; done += 16)
            pack_16(row + done, plane, left, 16, to + done * LANES + c, LANES);
        if (done + WORTH_16 <= count) {
            pack_16(row + done, plane, left, count - done, to + done * LANES + c, LANES);
            continue;
        }
#endif
        for (; done + 4 <= count; done += 4) {
            TYPED(quad) q[4] = {{0}};
            for (int k = 0; k < 4; ++k)
                if (k < left)
                    q[k] = TYPED(load_quad)(row + k * plane + done);
            TYPED(transpose)(q);
            for (int k = 0; k < 4; ++k)
                TYPED(store_quad)(to + (done + k) * LANES + c, q[k]);
        }
        for (; done < count; ++done)
            for (int k = 0; k < 4; ++k)
                to[done * LANES + c + k] = k < left ? row[k * plane + done] : 0;
    }
#endif
}

/* The reverse of pack; overwrites, or adds. */
INLINE void LANED(unpack)(const REAL *restrict from, ptrdiff_t plane, ptrdiff_t channels, ptrdiff_t count,
                          REAL *restrict to, const int add)
{
#if LANES == 1
    (void)plane, (void)channels;
    if (!add)
        memcpy(to, from, (size_t)count * sizeof *to);
    else
        for (ptrdiff_t p = 0; p < count; ++p)
            to[p] += from[p];
#else
    for (int c = 0; c < LANES && c < channels; c += 4) {
        const ptrdiff_t left = smaller(4, channels - c);
        REAL *row = to + c * plane;
        ptrdiff_t done = 0;
#if WIDE_LANES == 16 && defined(__AVX512F__)
        for (; done + 16 <= count; done += 16)
            unpack_16(from + done * LANES + c, plane, left, 16, row + done, LANES, add);
        if (done + WORTH_16 <= count) {
            unpack_16(from + done * LANES + c, plane, left, count - done, row + done, LANES, add);
            continue;
        }
#endif
        for (; done + 4 <= count; done += 4) {
            TYPED(quad) q[4];
            for (int k = 0; k < 4; ++k)
                q[k] = TYPED(load_quad)(from + (done + k) * LANES + c);
            TYPED(transpose)(q);
            for (int k = 0; k < 4; ++k)
                if (k < left) {
                    if (add)
                        q[k] += TYPED(load_quad)(row + k * plane + done);
                    TYPED(store_quad)(row + k * plane + done, q[k]);
                }
        }
        for (; done < count; ++done)
            for (int k = 0; k < left; ++k)
                if (add)
                    row[k * plane + done] += from[done * LANES + c + k];
                else
                    row[k * plane + done] = from[done * LANES + c + k];
    }
#endif
}

/* Index in the image of the start of a row of a segment's box; -1 for a row outside it. */
INLINE ptrdiff_t LANED(row_of_box)(const TYPED(segment) *s, const geometry *g, ptrdiff_t row)
{
    const ptrdiff_t y = source_index(s->start[1] + row % s->size[1], g->size[1], g->border);
    const ptrdiff_t z = g->rank == 3 ? source_index(s->start[2] + row / s->size[1], g->size[2], g->border) : 0;
    return y < 0 || z < 0 ? -1 : (z * g->size[1] + y) * g->size[0];
}

/* Fills the patch from the image, or adds the patch's gradient to the image's. */
INLINE void LANED(move_box)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, REAL *image,
                            ptrdiff_t channels, const int add)
{
    const ptrdiff_t plane = volume(g->size), columns = s->size[0];
    const ptrdiff_t inside = smaller(columns, larger(0, -s->start[0]));
    const ptrdiff_t beyond = larger(inside, smaller(columns, g->size[0] - s->start[0]));
    for (ptrdiff_t row = 0; row < s->size[1] * s->size[2]; ++row) {
        REAL *patch = (add ? w->patch_grad : w->patch) + row * columns * LANES;
        const ptrdiff_t start = LANED(row_of_box)(s, g, row);
        if (start < 0) {
            if (!add)
                memset(patch, 0, (size_t)(columns * LANES) * sizeof *patch);
            continue;
        }
        REAL *from = image + start + s->start[0] + inside;
        if (add)
            LANED(unpack)(patch + inside * LANES, plane, channels, beyond - inside, from, 1);
        else
            LANED(pack)(from, plane, channels, beyond - inside, patch + inside * LANES);
        for (ptrdiff_t column = 0; column < columns; ++column) {
            if (column == inside)
                column = beyond;
            if (column == columns)
                break;
            const ptrdiff_t x = source_index(s->start[0] + column, g->size[0], g->border);
            for (ptrdiff_t c = 0; c < LANES; ++c) {
                if (!add)
                    patch[column * LANES + c] = x < 0 || c >= channels ? 0 : image[c * plane + start + x];
                else if (x >= 0 && c < channels)
                    image[c * plane + start + x] += patch[column * LANES + c];
            }
        }
    }
}

/* The same where every point has its own few pixels. */
INLINE void LANED(move_points)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, REAL *image,
                               ptrdiff_t channels, const int add)
{
    const ptrdiff_t plane = volume(g->size);
    REAL *patch = add ? w->patch_grad : w->patch;
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p)
        for (ptrdiff_t k = 0; k < s->size[2]; ++k)
            for (ptrdiff_t i = 0; i < s->size[1]; ++i)
                for (ptrdiff_t j = 0; j < s->size[0]; ++j, patch += LANES) {
                    const ptrdiff_t x = source_index(w->start[0][p] + j, g->size[0], g->border);
                    const ptrdiff_t y = source_index(w->start[1][p] + i, g->size[1], g->border);
                    const ptrdiff_t z = g->rank == 3
                                        ? source_index(w->start[2][p] + k, g->size[2], g->border) : 0;
                    const int outside = x < 0 || y < 0 || z < 0;
                    REAL *pixel = outside ? NULL : image + (z * g->size[1] + y) * g->size[0] + x;
                    for (ptrdiff_t c = 0; c < LANES; ++c) {
                        if (!add)
                            patch[c] = outside || c >= channels ? 0 : pixel[c * plane];
                        else if (!outside && c < channels)
                            pixel[c * plane] += patch[c];
                    }
                }
}

static void LANED(load)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, const REAL *image,
                        ptrdiff_t channels)
{
    if (s->boxed)
        LANED(move_box)(w, s, g, (REAL *)image, channels, 0);
    else
        LANED(move_points)(w, s, g, (REAL *)image, channels, 0);
#if LANES == 1 && defined(__GNUC__)
    if (has_corners(g, s->boxed))
        TYPED(load_corners)(w, s);
#endif
}

static void LANED(add_to_image)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, REAL *image,
                                ptrdiff_t channels)
{
    if (s->boxed)
        LANED(move_box)(w, s, g, image, channels, 1);
    else
        LANED(move_points)(w, s, g, image, channels, 1);
}
